//! A real mail server, Exim, in a folder and at a port of its own: it takes mail for everybody and keeps each message of each receiver once,
//! by its Message-ID, as mailboxes that know names do.
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// Names the program of Exim.
pub const EXIM: &str = "CLAUSEWATCH_TEST_EXIM";
/// The user that Debian's package makes; Exim delivers for nobody else when root starts it.
const USER: &str = "Debian-exim";

pub struct Exim {
    pub port: u16,
    folder: tempfile::TempDir,
    daemon: Child,
}

/// A message that was kept: by whom, and its name.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Kept {
    pub to: String,
    pub id: String,
}

fn config(folder: &Path, port: u16) -> String {
    let folder = folder.display();
    // A tainted text cannot be the name of a file; its hash can.
    let file = format!("{folder}/kept/${{md5:$local_part $h_message-id:}}");
    format!(
        "primary_hostname = mail.example\nspool_directory = {folder}/spool\nlog_file_path = {folder}/log/%slog\n\
         pid_file_path = {folder}/log/pid\nlocal_interfaces = 127.0.0.1\ndaemon_smtp_ports = {port}\ntls_advertise_hosts =\n\
         keep_environment =\nnever_users =\nsmtp_accept_max = 200\nsmtp_accept_queue_per_connection = 0\nacl_smtp_rcpt = take\n\
         begin acl\ntake:\n  accept\n\
         begin routers\n\
         again:\n  driver = redirect\n  condition = ${{if exists{{{file}}}}}\n  data = :blackhole:\n\
         here:\n  driver = accept\n  transport = keep\n\
         begin transports\n\
         keep:\n  driver = appendfile\n  file = {file}\n  create_file = anywhere\n  use_lockfile = false\n  user = {USER}\n"
    )
}

impl Exim {
    /// The server; none, with a word, where there is no Exim or it cannot be started.
    pub async fn start() -> Option<Exim> {
        let Some(program) = std::env::var_os(EXIM).map(PathBuf::from) else {
            eprintln!("{EXIM} does not name Exim: not run against a real mail server");
            return None;
        };
        let folder = tempfile::tempdir().unwrap();
        for part in ["spool", "log", "kept"] {
            std::fs::create_dir(folder.path().join(part)).unwrap();
        }
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let file = folder.path().join("exim.conf");
        std::fs::write(&file, config(folder.path(), port)).unwrap();
        let owned = Command::new("chown").args(["-R", &format!("{USER}:")]).arg(folder.path()).status();
        // Its configuration has to be root's.
        let owned = owned.is_ok_and(|done| done.success()) && std::os::unix::fs::chown(&file, Some(0), Some(0)).is_ok();
        if !owned {
            eprintln!("Exim is started by root only, for the user {USER}: not run against a real mail server");
            return None;
        }
        let mut command = Command::new(program);
        command.arg("-C").arg(&file).arg("-bdf").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let exim = Exim { port, daemon: command.spawn().unwrap(), folder };
        for _ in 0..500 {
            if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
                return Some(exim);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("Exim does not answer: {}", exim.log());
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log/mainlog")).unwrap_or_default()
    }

    /// How many messages are kept by now.
    pub fn count(&self) -> usize {
        std::fs::read_dir(self.folder.path().join("kept")).unwrap().count()
    }

    /// How many messages were taken by now, whether they were there already or not.
    pub fn taken(&self) -> usize {
        self.log().lines().filter(|line| line.contains(" <= ")).count()
    }

    /// All messages that are kept, when all that was taken is delivered.
    pub async fn kept(&self) -> Vec<Kept> {
        let input = self.folder.path().join("spool/input");
        for _ in 0..1500 {
            if std::fs::read_dir(&input).map_or(0, Iterator::count) == 0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let mut all = Vec::new();
        for file in std::fs::read_dir(self.folder.path().join("kept")).unwrap() {
            let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
            let field =
                |name: &'static str| text.lines().filter_map(move |line| Some(line.strip_prefix(name)?.to_string()));
            all.extend(field("To: ").zip(field("Message-ID: ")).map(|(to, id)| Kept { to, id }));
        }
        all
    }
}

impl Drop for Exim {
    fn drop(&mut self) {
        drop(self.daemon.kill());
        drop(self.daemon.wait());
    }
}
