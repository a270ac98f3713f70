//! What a command writes: to standard output, or to a file that is put into its place only when it is whole, so that a command that
//! fails leaves what was there.
use std::fs::{File, Permissions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use anyhow::Context;
use tempfile::NamedTempFile;

/// What is being written. Nothing replaces a file before [`Output::finish`].
pub struct Output {
    to: BufWriter<To>,
    /// As errors name it.
    name: String,
}

enum To {
    /// Standard output, or what is no plain file (a device, a pipe): there is nothing to keep.
    Stream(Box<dyn Write>),
    /// A file beside the one that it takes the place of.
    File { new: NamedTempFile, path: PathBuf },
}

impl Output {
    /// Writes to a file; to standard output if there is none.
    ///
    /// # Errors
    /// With the name of what cannot be written.
    pub fn new(path: Option<&Path>) -> anyhow::Result<Output> {
        let name = path.map_or_else(|| "standard output".into(), |path| path.display().to_string());
        let to = match path {
            Some(path) => beside(path).with_context(|| format!("{name} cannot be written"))?,
            None => To::Stream(Box::new(io::stdout())),
        };
        Ok(Output { to: BufWriter::new(to), name })
    }

    /// Puts what was written into its place.
    ///
    /// # Errors
    /// With the name of what cannot be written.
    pub fn finish(mut self) -> anyhow::Result<()> {
        self.to.flush()?;
        let to = self.to.into_inner().map_err(io::IntoInnerError::into_error)?;
        if let To::File { new, path } = to {
            new.as_file().sync_all().with_context(|| format!("{} cannot be written", self.name))?;
            new.persist(path).with_context(|| format!("{} cannot be written", self.name))?;
        }
        Ok(())
    }
}

/// Where to write so that `path` is replaced at once. A link is followed, and an old file's permissions are kept.
fn beside(path: &Path) -> io::Result<To> {
    let (path, permissions) = match std::fs::metadata(path) {
        Ok(old) if !old.is_file() => return Ok(To::Stream(Box::new(File::options().write(true).open(path)?))),
        Ok(old) => {
            // Who may not write to a file is not to replace it.
            File::options().write(true).open(path)?;
            (path.canonicalize()?, old.permissions())
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => (path.to_owned(), Permissions::from_mode(0o666)),
        Err(error) => return Err(error),
    };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let new = tempfile::Builder::new().prefix(".clausewatch-").permissions(permissions).tempfile_in(folder)?;
    Ok(To::File { new, path })
}

impl Write for To {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            To::Stream(out) => out.write(bytes),
            To::File { new, .. } => new.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            To::Stream(out) => out.flush(),
            To::File { new, .. } => new.flush(),
        }
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.to.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_when_all_is_written_and_not_before() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("record.csv");
        std::fs::write(&path, "good").unwrap();
        std::fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        let link = folder.path().join("latest.csv");
        std::os::unix::fs::symlink(&path, &link).unwrap();

        let mut given_up = Output::new(Some(&link)).unwrap();
        given_up.write_all(&[b'x'; 100_000]).unwrap();
        drop(given_up);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "good");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "nothing is left behind");

        let mut whole = Output::new(Some(&link)).unwrap();
        whole.write_all(b"better").unwrap();
        whole.finish().unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "better");
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
        assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
    }

    #[test]
    fn a_device_is_written_to_and_a_missing_folder_is_named() {
        let mut nowhere = Output::new(Some(Path::new("/dev/null"))).unwrap();
        nowhere.write_all(b"x").unwrap();
        nowhere.finish().unwrap();
        assert!(!std::fs::metadata("/dev/null").unwrap().is_file());
        let folder = tempfile::tempdir().unwrap();
        let absent = folder.path().join("absent/record.csv");
        let error = Output::new(Some(&absent)).err().unwrap();
        assert!(format!("{error:#}").contains("absent/record.csv"), "{error:#}");
    }
}
