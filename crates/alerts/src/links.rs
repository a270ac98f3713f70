//! Absolute addresses in messages.
use atlas::watching::{Channel, MessageId, PersonId};

/// The address of the site, as those who are told reach it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Links {
    base: String,
}

impl Links {
    /// Links below the address of a site, for example `https://terms.example`.
    pub fn below(base: &str) -> Links {
        Links { base: base.trim_end_matches('/').to_string() }
    }

    /// The host of the site without its port: names messages where no mail address does.
    pub fn host(&self) -> &str {
        let rest = self.base.split_once("://").map_or(self.base.as_str(), |(_, rest)| rest);
        let authority = rest.split('/').next().unwrap_or_default();
        authority.rsplit_once(':').map_or(authority, |(host, _)| host)
    }

    /// How tracking goes.
    pub fn status(&self) -> String {
        format!("{}/status", self.base)
    }

    /// A change, by its ID.
    pub fn change(&self, id: &str) -> String {
        format!("{}/changes/{id}", self.base)
    }

    /// A provision, by its ID.
    pub fn provision(&self, id: &str) -> String {
        format!("{}/provisions/{id}", self.base)
    }

    /// A document, by its ID.
    pub fn document(&self, id: &str) -> String {
        format!("{}/documents/{id}", self.base)
    }

    /// The watchlist of a person, or of an organisation with this number.
    pub fn watchlist(&self, organisation: Option<PersonId>) -> String {
        match organisation {
            Some(organisation) => format!("{}/organisations/{organisation}/watchlist", self.base),
            None => format!("{}/watchlist", self.base),
        }
    }

    /// Where the receiver of a message ends what it came from.
    pub fn unsubscribe(&self, channel: &Channel, message: MessageId) -> String {
        format!("{}/unsubscribe/{}", self.base, channel.unsubscribe_token(message))
    }

    /// Where the reader of a mail address confirms it.
    pub fn confirm(&self, channel: &Channel) -> String {
        format!("{}/channels/confirm/{}", self.base, channel.confirmation_token())
    }

    /// Where the reader of a mail about an account goes on.
    pub fn account_link(&self, token: &str) -> String {
        format!("{}/account/link/{token}", self.base)
    }

    /// A private feed; none for a channel that is no feed.
    pub fn feed(&self, channel: &Channel) -> Option<String> {
        channel.feed_token().map(|token| format!("{}/feeds/{token}", self.base))
    }
}
