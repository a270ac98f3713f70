//! How often anything about accounts may be tried. Counted in the store, so that several processes count together, and before the work
//! is done, so that tries at one moment do not slip through. An address is counted whether or not it has an account, by its hash.
use std::net::IpAddr;

use archive::Sha256Digest;
use archive::instant::MINUTE_MS;

use crate::{AccountError, Accounts, Caller, MailAddress};

/// How often something may be tried within a time, which begins with the first try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit {
    /// This often.
    pub tries: i64,
    /// Within so many milliseconds.
    pub window_ms: i64,
}

/// Passwords tried for one address: 40 an hour. Mailed links are counted apart, so that whoever guesses does not keep the person out.
pub const PASSWORDS_OF_ADDRESS: Limit = Limit { tries: 10, window_ms: 15 * MINUTE_MS };
/// Passwords tried from one network address.
pub const PASSWORDS_FROM: Limit = Limit { tries: 50, window_ms: 15 * MINUTE_MS };
/// Passwords tried from one IPv6 /48, which is what one site is given: its 65 536 networks of the size /64 are not so many strangers.
pub const PASSWORDS_FROM_SITE: Limit = Limit { tries: 200, window_ms: 15 * MINUTE_MS };
/// Mails sent to one address. More are silently not sent.
pub const MAILS_TO: Limit = Limit { tries: 5, window_ms: 60 * MINUTE_MS };
/// Mails asked for from one network address.
pub const MAILS_FROM: Limit = Limit { tries: 30, window_ms: 60 * MINUTE_MS };
/// Mails asked for from one IPv6 /48.
pub const MAILS_FROM_SITE: Limit = Limit { tries: 120, window_ms: 60 * MINUTE_MS };
/// Invitations to organisations by one person.
pub const INVITATIONS_BY: Limit = Limit { tries: 40, window_ms: 24 * 60 * MINUTE_MS };

/// Mails to one member about what becomes of their membership of one organisation. More are not sent; what happened stands in their log.
pub const NOTICES_TO: Limit = Limit { tries: 5, window_ms: 24 * 60 * MINUTE_MS };

impl Limit {
    /// How long to wait, if a count that began at an instant is beyond the limit.
    fn wait_ms(self, (count, since_ms): (i64, i64), now_ms: i64) -> Option<i64> {
        (count > self.tries).then(|| (since_ms + self.window_ms - now_ms).max(1))
    }
}

/// The name of what is counted for an address. The address itself is not kept: it may be nobody's, typed by mistake.
fn of_address(what: &str, address: &MailAddress) -> String {
    format!("{what} {}", Sha256Digest::of(address.key().as_bytes()))
}

/// The name of what is counted for a network address: of IPv6 the network of one household or machine.
fn from_network(what: &str, from: IpAddr) -> String {
    match from.to_canonical() {
        IpAddr::V4(address) => format!("{what} from {address}"),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{what} from {a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

/// The name of what is counted beside that for the whole site that a network address of IPv6 is in; none for IPv4.
fn from_site(what: &str, from: IpAddr) -> Option<String> {
    match from.to_canonical() {
        IpAddr::V4(_) => None,
        IpAddr::V6(address) => {
            let [a, b, c, ..] = address.segments();
            Some(format!("{what} from {a:x}:{b:x}:{c:x}::/48"))
        }
    }
}

impl Accounts {
    pub(crate) async fn count(&self, what: &str, limit: Limit) -> Result<Option<i64>, AccountError> {
        let now_ms = self.now_ms();
        Ok(limit.wait_ms(self.atlas().count_try(what, limit.window_ms, now_ms).await?, now_ms))
    }

    /// Counts a try from a network address; how long to wait, if there were too many from its network or its site.
    async fn count_from(
        &self,
        what: &str,
        from: IpAddr,
        network: Limit,
        site: Limit,
    ) -> Result<Option<i64>, AccountError> {
        let near = self.count(&from_network(what, from), network).await?;
        let wide = match from_site(what, from) {
            Some(name) => self.count(&name, site).await?,
            None => None,
        };
        Ok(near.max(wide))
    }

    /// Counts a password for an address.
    pub(crate) async fn may_guess(&self, address: &MailAddress, caller: &Caller) -> Result<(), AccountError> {
        let from = self.count_from("password", caller.from, PASSWORDS_FROM, PASSWORDS_FROM_SITE).await?;
        let of = self.count(&of_address("password", address), PASSWORDS_OF_ADDRESS).await?;
        match from.max(of) {
            Some(wait_ms) => Err(AccountError::TooOften { wait_ms }),
            None => Ok(()),
        }
    }

    /// Counts a ceremony with a passkey that is begun, whoever it is for. They are as many as passwords.
    pub(crate) async fn may_begin(&self, caller: &Caller) -> Result<(), AccountError> {
        match self.count_from("passkey", caller.from, PASSWORDS_FROM, PASSWORDS_FROM_SITE).await? {
            Some(wait_ms) => Err(AccountError::TooOften { wait_ms }),
            None => Ok(()),
        }
    }

    /// Forgets the passwords that were tried for an address: the right one was among them.
    pub(crate) async fn forgive(&self, address: &MailAddress) -> Result<(), AccountError> {
        Ok(self.atlas().forgive_tries(&of_address("password", address)).await?)
    }

    /// Counts a mail that is asked for; false if it is not to be sent, which whoever asks is not told.
    pub async fn may_mail(&self, address: &MailAddress, caller: &Caller) -> Result<bool, AccountError> {
        if let Some(wait_ms) = self.count_from("mail", caller.from, MAILS_FROM, MAILS_FROM_SITE).await? {
            return Err(AccountError::TooOften { wait_ms });
        }
        Ok(self.count(&of_address("mail", address), MAILS_TO).await?.is_none())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_a_network_does_not_have_many_addresses() {
        let name = |text: &str| from_network("mail", text.parse().unwrap());
        assert_eq!(name("2001:db8:1:2:3:4:5:6"), name("2001:db8:1:2::9"));
        assert_ne!(name("2001:db8:1:3::9"), name("2001:db8:1:2::9"));
        assert_eq!(name("::ffff:192.0.2.7"), name("192.0.2.7"));
        let site = |text: &str| from_site("mail", text.parse().unwrap());
        assert_eq!(site("2001:db8:1:2::9"), site("2001:db8:1:ffff::1"));
        assert_ne!(site("2001:db8:2:2::9"), site("2001:db8:1:2::9"));
        assert!(site("192.0.2.7").is_none() && site("::ffff:192.0.2.7").is_none());
    }

    #[test]
    fn the_wait_ends_with_the_window() {
        let limit = Limit { tries: 2, window_ms: 1000 };
        assert_eq!(limit.wait_ms((2, 5000), 5900), None);
        assert_eq!(limit.wait_ms((3, 5000), 5900), Some(100));
    }
}
