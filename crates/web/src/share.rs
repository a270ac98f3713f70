//! Links that share a page without a script: X, LinkedIn, mail.
use crate::links;

/// A link that shares a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ShareLink {
    /// Where it is shared.
    pub name: &'static str,
    /// The link.
    pub href: String,
}

/// The links that share `url` under `title`.
pub(crate) fn share_links(title: &str, url: &str) -> Vec<ShareLink> {
    let (text, encoded) = (links::segment(title), links::segment(url));
    vec![
        ShareLink { name: "X", href: format!("https://x.com/intent/post?text={text}&url={encoded}") },
        ShareLink { name: "LinkedIn", href: format!("https://www.linkedin.com/sharing/share-offsite/?url={encoded}") },
        ShareLink { name: "Mail", href: format!("mailto:?subject={text}&body={encoded}") },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_carry_title_and_address() {
        let links = share_links("Plum & Söhne: “no”\r\nBcc: x", "https://a.example/provisions/CW-P-000001");
        assert_eq!(
            links[0].href,
            "https://x.com/intent/post?text=Plum%20%26%20S%C3%B6hne%3A%20%E2%80%9Cno%E2%80%9D%0D%0ABcc%3A%20x\
             &url=https%3A%2F%2Fa.example%2Fprovisions%2FCW-P-000001"
        );
        assert!(links.iter().all(|link| !link.href.contains(['"', '<', ' ', '\n'])));
    }
}
