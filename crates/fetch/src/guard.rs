//! Which addresses may be reached: the public internet, and what the operator allows.
//!
//! Documents' addresses come from people and from redirects, so a request may aim at the machine's own network. Every address is
//! judged after name resolution, by the resolver that the connection itself uses, so that a name cannot change between check and use.
//!
//! Through a [`Proxy`], the connection is the proxy's. Names are then resolved and judged here first, before each request and each redirect,
//! and one that leads anywhere private is not asked of the proxy; what lies in allowed networks is reached straight. But the proxy resolves
//! the name again, and may find something else: it has to keep to the public internet itself. Where names cannot be resolved here, and the
//! operator says that the proxy resolves them, only addresses and names that are private by their form are judged.
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use crate::outbound::Proxy;

/// Networks that are never the public internet (IANA special-purpose registries).
const RESERVED: &[&str] = &[
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.31.196.0/24",
    "192.52.193.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "192.175.48.0/24",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
    "::/96",
    "::ffff:0:0/96",
    "64:ff9b:1::/48",
    "100::/64",
    "2001::/23",
    "2001:db8::/32",
    "2002::/16",
    "3fff::/20",
    "5f00::/16",
    "fc00::/7",
    "fe80::/10",
    "fec0::/10",
    "ff00::/8",
];

/// Endings of names that are never on the public internet (RFC 6761, 6762, 8375; `internal` is reserved by ICANN), and single words are
/// none either.
const LOCAL_NAMES: [&str; 4] = ["localhost", "local", "internal", "home.arpa"];
/// Most time to resolve a name that a proxy is to be asked for.
const RESOLVING: Duration = Duration::from_secs(15);

pub(crate) type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The rule: public addresses and the allowed networks, and the way there.
#[derive(Debug, Clone)]
pub struct Guard {
    reserved: Vec<IpNet>,
    allowed: Vec<IpNet>,
    proxy: Option<Proxy>,
}

/// How a host is reached.
pub(crate) enum Way<'g> {
    /// Straight, at one of these addresses.
    Straight(Vec<IpAddr>),
    /// Through the proxy, by its name.
    Through(&'g Proxy),
}

impl Guard {
    /// A guard that lets through public addresses and `allowed` networks.
    pub fn new(allowed: Vec<IpNet>) -> Self {
        let reserved = RESERVED.iter().filter_map(|net| net.parse().ok()).collect();
        Guard { reserved, allowed, proxy: None }
    }

    /// The same rule where what is not in an allowed network is reached through a proxy.
    pub fn through(self, proxy: Option<Proxy>) -> Self {
        Guard { proxy, ..self }
    }

    /// The proxy.
    pub(crate) fn proxy(&self) -> Option<&Proxy> {
        self.proxy.as_ref()
    }

    /// " through the proxy …", to be said of what was not reached; nothing where there is none.
    pub(crate) fn by_way(&self) -> String {
        self.proxy.as_ref().map_or_else(String::new, |proxy| format!(" through the proxy {proxy}"))
    }

    /// Whether `address` may be reached. An IPv4 address inside an IPv6 one (mapped, NAT64) is judged as IPv4.
    pub fn allows(&self, address: IpAddr) -> bool {
        within(&self.allowed, address) || !within(&self.reserved, address)
    }

    /// Judges a URL's host when it is an IP literal (the resolver never sees those); names are judged when they are resolved.
    pub fn allows_host(&self, host: &url::Host<&str>) -> bool {
        match host {
            url::Host::Ipv4(address) => self.allows(IpAddr::V4(*address)),
            url::Host::Ipv6(address) => self.allows(IpAddr::V6(*address)),
            url::Host::Domain(_) => true,
        }
    }
}

/// Whether an address lies in one of the networks.
fn within(nets: &[IpNet], address: IpAddr) -> bool {
    let address = embedded_v4(address).map_or(address, IpAddr::V4);
    nets.iter().any(|net| net.contains(&address))
}

/// The IPv4 address that an IPv6 address stands for: mapped (`::ffff:a.b.c.d`) or NAT64 (`64:ff9b::a.b.c.d`).
fn embedded_v4(address: IpAddr) -> Option<Ipv4Addr> {
    let IpAddr::V6(v6) = address else { return None };
    let nat64 = Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0).octets();
    let octets = v6.octets();
    let last = Ipv4Addr::new(octets[12], octets[13], octets[14], octets[15]);
    v6.to_ipv4_mapped().or_else(|| (octets[..12] == nat64[..12]).then_some(last))
}

/// The addresses of a host, as the system resolves it. Names under `localhost` are loopback (RFC 6761), whatever the system says of them.
async fn resolved(host: &url::Host) -> Result<Vec<IpAddr>, BoxError> {
    Ok(match host {
        url::Host::Ipv4(address) => vec![IpAddr::V4(*address)],
        url::Host::Ipv6(address) => vec![IpAddr::V6(*address)],
        url::Host::Domain(name) => {
            let name = name.trim_end_matches('.').to_ascii_lowercase();
            if name == "localhost" || name.ends_with(".localhost") {
                vec![IpAddr::V4(Ipv4Addr::LOCALHOST)]
            } else {
                let ask = move || (name.as_str(), 0).to_socket_addrs().map(Vec::from_iter);
                tokio::task::spawn_blocking(ask).await??.iter().map(SocketAddr::ip).collect()
            }
        }
    })
}

/// The addresses of a host that may be reached. An error says why there are none.
async fn resolve(guard: &Guard, host: &url::Host) -> Result<Vec<IpAddr>, BoxError> {
    let found = resolved(host).await?;
    let allowed: Vec<IpAddr> = found.into_iter().filter(|address| guard.allows(*address)).collect();
    if allowed.is_empty() { Err(Refusal::of(host).into()) } else { Ok(allowed) }
}

/// How a host is reached. An error says why it is not.
pub(crate) async fn way<'g>(guard: &'g Guard, host: &url::Host) -> Result<Way<'g>, BoxError> {
    let Some(proxy) = &guard.proxy else { return Ok(Way::Straight(resolve(guard, host).await?)) };
    if proxy.resolves_names() && matches!(host, url::Host::Domain(name) if !is_local(name)) {
        return Ok(Way::Through(proxy));
    }
    let found =
        tokio::time::timeout(RESOLVING, resolved(host)).await.unwrap_or_else(|_| Err("no answer in time".into()));
    let found = found.map_err(|error| unresolved(host, &error, proxy))?;
    // The proxy might take any of them.
    if found.is_empty() || !found.iter().all(|address| guard.allows(*address)) {
        return Err(Refusal::of(host).into());
    }
    let straight = found.iter().all(|address| within(&guard.allowed, *address));
    Ok(if straight { Way::Straight(found) } else { Way::Through(proxy) })
}

/// Whether a name is not one of the public internet, by its form.
fn is_local(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let below = |ending: &str| name.strip_suffix(ending).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    !name.contains('.') || LOCAL_NAMES.iter().any(|ending| below(ending))
}

fn unresolved(host: &url::Host, error: &BoxError, proxy: &Proxy) -> String {
    let hint = if proxy.resolves_names() {
        "names of this kind are not left to the proxy".to_string()
    } else {
        format!(
            "it has to be judged before the proxy {proxy} is asked for it; where only the proxy resolves names, say \
             --proxy-resolves-names, and the proxy decides what is reached"
        )
    };
    format!("{host} cannot be resolved on this machine ({error}); {hint}")
}

/// Whether the host of an address is private: by its form, or because it lies, or is resolved to what lies, in one of these networks. None
/// if this cannot be told, because its name is not resolved now: networks beyond this machine may have names that are known from within only.
pub async fn leads_into(networks: &[IpNet], url: &str) -> Option<bool> {
    let url = url::Url::parse(url).ok()?;
    let host = url.host()?;
    let is_local_name = matches!(host, url::Host::Domain(name) if is_local(name));
    if is_local_name || !Guard::new(Vec::new()).allows_host(&host) {
        return Some(true);
    }
    if networks.is_empty() {
        return Some(false);
    }
    match tokio::time::timeout(RESOLVING, resolved(&host.to_owned())).await {
        Ok(Ok(found)) => Some(found.into_iter().any(|address| within(networks, address))),
        _ if networks.iter().all(|network| network.addr().is_loopback()) => Some(false),
        _ => None,
    }
}

/// The system's resolver behind the guard.
#[derive(Clone)]
pub(crate) struct GuardedResolver(pub Arc<Guard>);

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = Arc::clone(&self.0);
        Box::pin(async move {
            let addresses = resolve(&guard, &url::Host::Domain(name.as_str().to_string())).await?;
            Ok(Box::new(addresses.into_iter().map(|address| SocketAddr::new(address, 0))) as Addrs)
        })
    }
}

/// Resolves the name of the proxy, which is the operator's word and not judged, and no other.
pub(crate) struct ProxyResolver(pub Proxy);

impl Resolve for ProxyResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let own = name.as_str().eq_ignore_ascii_case(self.0.host());
        Box::pin(async move {
            if !own {
                return Err("only the proxy is connected to".into());
            }
            let addresses = resolved(&url::Host::Domain(name.as_str().to_string())).await?;
            Ok(Box::new(addresses.into_iter().map(|address| SocketAddr::new(address, 0))) as Addrs)
        })
    }
}

/// That a host may not be reached.
#[derive(Debug, thiserror::Error)]
#[error("{0} is on a private or reserved network; an operator can allow that network with --allow-network")]
pub(crate) struct Refusal(String);

impl Refusal {
    /// The refusal of this host.
    pub fn of(host: impl std::fmt::Display) -> Refusal {
        Refusal(host.to_string())
    }

    /// The refusal that made something fail, if one did: the guard's word passes through a client and its resolver.
    pub fn behind<'e>(error: &'e (dyn std::error::Error + 'static)) -> Option<&'e Refusal> {
        std::iter::successors(Some(error), |error| error.source()).find_map(|error| error.downcast_ref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn private_and_disguised_addresses_are_refused() {
        let guard = Guard::new(Vec::new());
        for address in [
            "127.0.0.1",
            "10.1.2.3",
            "172.31.0.1",
            "192.168.1.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "255.255.255.255",
            "224.0.0.1",
            "::1",
            "::",
            "fe80::1",
            "fd00::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "64:ff9b::7f00:1",
            "64:ff9b::a00:1",
            "2002:7f00:1::",
            "2001:db8::1",
            "ff02::1",
            "::127.0.0.1",
        ] {
            assert!(!guard.allows(address.parse().unwrap()), "{address}");
        }
        for address in ["93.184.216.34", "2606:2800:220:1:248:1893:25c8:1946", "64:ff9b::5db8:d822"] {
            assert!(guard.allows(address.parse().unwrap()), "{address}");
        }
    }

    #[test]
    fn odd_notations_are_ip_literals_too() {
        let guard = Guard::new(Vec::new());
        for url in
            ["http://2130706433/", "http://0x7f.1/", "http://017700000001/", "http://127.1/", "http://[::ffff:7f00:1]/"]
        {
            let url = url::Url::parse(url).unwrap();
            assert!(!guard.allows_host(&url.host().unwrap()), "{url}");
        }
    }

    async fn goes(guard: &Guard, host: &str) -> &'static str {
        match way(guard, &url::Host::parse(host).unwrap()).await {
            Ok(Way::Straight(_)) => "straight",
            Ok(Way::Through(_)) => "through",
            Err(error) if Refusal::behind(&*error).is_some() => "refused",
            Err(_) => "unresolved",
        }
    }

    #[tokio::test]
    async fn a_proxy_is_asked_for_what_is_public_only() {
        let proxy = |resolves| Some(Proxy::new("http://10.0.0.1:3128", resolves).unwrap());
        let judging = Guard::new(vec!["10.1.0.0/16".parse().unwrap()]).through(proxy(false));
        let leaving = judging.clone().through(proxy(true));
        for guard in [&judging, &leaving] {
            for (host, expected) in [
                ("93.184.216.34", "through"),
                ("[2606:2800:220:1:248:1893:25c8:1946]", "through"),
                ("10.1.2.3", "straight"),
                ("[::ffff:10.1.2.3]", "straight"),
                ("10.2.2.3", "refused"),
                ("169.254.169.254", "refused"),
                ("0x7f.1", "refused"),
                ("[::ffff:7f00:1]", "refused"),
                ("[64:ff9b::a00:1]", "refused"),
                ("localhost", "refused"),
                ("plum.localhost.", "refused"),
            ] {
                assert_eq!(goes(guard, host).await, expected, "{host}");
            }
        }
        // Reserved to have no address (RFC 6761).
        assert_eq!(goes(&judging, "plum.invalid").await, "unresolved");
        assert_eq!(goes(&leaving, "plum.invalid").await, "through");
        for name in ["intranet.invalid.internal", "printer.local", "x.home.arpa"] {
            assert_ne!(goes(&leaving, name).await, "through", "{name}");
        }
    }

    #[test]
    fn names_that_are_local_by_their_form() {
        for name in
            ["intranet", "localhost", "a.LOCALHOST", "metadata.google.internal.", "printer.local", "x.home.arpa"]
        {
            assert!(is_local(name), "{name}");
        }
        for name in ["plum.example", "local.example", "notlocal.notinternal", "homearpa.org"] {
            assert!(!is_local(name), "{name}");
        }
    }

    #[tokio::test]
    async fn addresses_on_a_network_are_known_by_name_and_number() {
        let networks: Vec<IpNet> = vec!["127.0.0.0/8".parse().unwrap(), "10.1.0.0/16".parse().unwrap()];
        for url in
            ["http://plum.localhost:8080/terms", "http://10.1.2.3/", "http://[::ffff:10.1.2.3]/", "http://127.1/"]
        {
            assert_eq!(leads_into(&networks, url).await, Some(true), "{url}");
        }
        assert_eq!(leads_into(&networks, "https://93.184.216.34/").await, Some(false));
        for url in [
            "https://wiki.internal/",
            "https://printer.local/",
            "https://intranet/",
            "http://10.2.2.3/",
            "http://[::1]/",
        ] {
            assert_eq!(leads_into(&[], url).await, Some(true), "by its form: {url}");
        }
        assert_eq!(leads_into(&[], "https://plum.example/").await, Some(false), "there is no such network");
        assert_eq!(
            leads_into(&networks[..1], "https://plum.invalid/").await,
            Some(false),
            "what is on this machine has a name here"
        );
        for url in ["https://plum.invalid/", "no address"] {
            assert_eq!(leads_into(&networks, url).await, None, "{url}");
        }
    }

    #[test]
    fn the_operator_can_allow_a_network() {
        let guard = Guard::new(vec!["127.0.0.0/8".parse().unwrap()]);
        assert!(guard.allows("127.0.0.1".parse().unwrap()));
        assert!(!guard.allows("10.0.0.1".parse().unwrap()));
    }
}
