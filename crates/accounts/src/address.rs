//! Mail addresses of accounts.

/// Longest address, as RFC 5321 allows it.
const LONGEST: usize = 254;

/// Why a text is no address of an account.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("this is not a mail address that can be used here; write it as name@example.org, in letters without accents")]
pub struct AddressError;

/// A mail address that an account can have: ASCII, one `@`, a domain with a dot, nothing that could end a line of a mail's header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailAddress {
    written: String,
    key: String,
}

impl MailAddress {
    /// Reads an address; white space around it is taken off. What is left is used as it is: nothing in it is mended.
    ///
    /// # Errors
    /// If it cannot be one.
    pub fn parse(text: &str) -> Result<MailAddress, AddressError> {
        let text = text.trim_matches(' ');
        let (name, domain) = text.split_once('@').ok_or(AddressError)?;
        let of_name = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&b);
        let label = |label: &str| {
            let inner = label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
            !label.is_empty() && label.len() <= 63 && inner && !label.starts_with('-') && !label.ends_with('-')
        };
        let good_name = !name.is_empty()
            && name.len() <= 64
            && name.bytes().all(of_name)
            && !name.starts_with('.')
            && !name.ends_with('.')
            && !name.contains("..");
        let good_domain = domain.contains('.') && domain.split('.').all(label);
        // The mail library has the last word: what it will not send to is of no use.
        if text.len() > LONGEST || !good_name || !good_domain || alerts::address(text).is_err() {
            return Err(AddressError);
        }
        Ok(MailAddress { written: format!("{name}@{}", domain.to_ascii_lowercase()), key: text.to_ascii_lowercase() })
    }

    /// As mail is sent to it.
    pub fn written(&self) -> &str {
        &self.written
    }

    /// The same for all ways to write it that mean one mailbox.
    pub fn key(&self) -> &str {
        &self.key
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_mailbox_has_one_key() {
        let address = MailAddress::parse(" Ada.Byron+terms@Example.ORG ").unwrap();
        assert_eq!((address.written(), address.key()), ("Ada.Byron+terms@example.org", "ada.byron+terms@example.org"));
    }

    #[test]
    fn what_could_write_headers_or_reach_others_is_no_address() {
        for text in [
            "",
            "ada",
            "@example.org",
            "ada@",
            "ada@localhost",
            "ada@example..org",
            "ada@-example.org",
            "a..b@example.org",
            ".a@example.org",
            "ada@example.org\r\nBcc: b@example.org",
            "ada\n@example.org",
            "a@example.org, b@example.org",
            "a@example.org;b@example.org",
            "a b@example.org",
            "\"a b\"@example.org",
            "<ada@example.org>",
            "Ada <ada@example.org>",
            "a@b@example.org",
            "ada@example.org\0",
            "ada@[127.0.0.1]",
            "ada@127.0.0.1\t",
            "аda@example.org",
            "ada@exämple.org",
            &format!("{}@example.org", "a".repeat(65)),
            &format!("a@{}.org", "b".repeat(250)),
        ] {
            assert_eq!(MailAddress::parse(text), Err(AddressError), "{text:?}");
        }
    }
}
