//! Which addresses may be reached: the public internet, and what the operator allows.
//!
//! Documents' addresses come from people and from redirects, so a request may aim at the machine's own network. Every address is
//! judged after name resolution, by the resolver that the connection itself uses, so that a name cannot change between check and use.
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs};
use std::sync::Arc;

use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};

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

/// The rule: public addresses and the allowed networks.
#[derive(Debug, Clone)]
pub struct Guard {
    reserved: Vec<IpNet>,
    allowed: Vec<IpNet>,
}

impl Guard {
    /// A guard that lets through public addresses and `allowed` networks.
    pub fn new(allowed: Vec<IpNet>) -> Self {
        let reserved = RESERVED.iter().filter_map(|net| net.parse().ok()).collect();
        Guard { reserved, allowed }
    }

    /// Whether `address` may be reached. An IPv4 address inside an IPv6 one (mapped, NAT64) is judged as IPv4.
    pub fn allows(&self, address: IpAddr) -> bool {
        let address = embedded_v4(address).map_or(address, IpAddr::V4);
        let within = |nets: &[IpNet]| nets.iter().any(|net| net.contains(&address));
        within(&self.allowed) || !within(&self.reserved)
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

/// The IPv4 address that an IPv6 address stands for: mapped (`::ffff:a.b.c.d`) or NAT64 (`64:ff9b::a.b.c.d`).
fn embedded_v4(address: IpAddr) -> Option<Ipv4Addr> {
    let IpAddr::V6(v6) = address else { return None };
    let nat64 = Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0).octets();
    let octets = v6.octets();
    let last = Ipv4Addr::new(octets[12], octets[13], octets[14], octets[15]);
    v6.to_ipv4_mapped().or_else(|| (octets[..12] == nat64[..12]).then_some(last))
}

/// The addresses of a host that may be reached, as the system resolves it. Names under `localhost` are loopback (RFC 6761), whatever
/// the system says of them. An error says why there are none.
pub(crate) async fn resolve(
    guard: &Guard,
    host: &url::Host,
) -> Result<Vec<IpAddr>, Box<dyn std::error::Error + Send + Sync>> {
    let found: Vec<IpAddr> = match host {
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
    };
    let allowed: Vec<IpAddr> = found.into_iter().filter(|address| guard.allows(*address)).collect();
    if allowed.is_empty() { Err(refusal(&host.to_string()).into()) } else { Ok(allowed) }
}

/// Whether the host of an address is, or is resolved to, one of these networks. A name that cannot be resolved is in none.
pub async fn leads_into(networks: &[IpNet], url: &str) -> bool {
    let host = url::Url::parse(url).ok().and_then(|url| url.host().map(|host| host.to_owned()));
    let Some(host) = host.filter(|_| !networks.is_empty()) else { return false };
    let within = |address: &IpAddr| networks.iter().any(|network| network.contains(address));
    let plain = |address: IpAddr| embedded_v4(address).map_or(address, IpAddr::V4);
    let everywhere = Guard { allowed: Vec::new(), reserved: Vec::new() };
    resolve(&everywhere, &host).await.is_ok_and(|found| found.into_iter().map(plain).any(|address| within(&address)))
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

/// What is said of a host that may not be reached.
pub(crate) fn refusal(host: &str) -> String {
    format!("{host} is on a private or reserved network; an operator can allow that network with --allow-network")
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

    #[tokio::test]
    async fn addresses_on_a_network_are_known_by_name_and_number() {
        let networks: Vec<IpNet> = vec!["127.0.0.0/8".parse().unwrap(), "10.1.0.0/16".parse().unwrap()];
        for url in
            ["http://plum.localhost:8080/terms", "http://10.1.2.3/", "http://[::ffff:10.1.2.3]/", "http://127.1/"]
        {
            assert!(leads_into(&networks, url).await, "{url}");
            assert!(!leads_into(&[], url).await, "{url}");
        }
        for url in ["http://10.2.2.3/", "https://93.184.216.34/", "no address"] {
            assert!(!leads_into(&networks, url).await, "{url}");
        }
    }

    #[test]
    fn the_operator_can_allow_a_network() {
        let guard = Guard::new(vec!["127.0.0.0/8".parse().unwrap()]);
        assert!(guard.allows("127.0.0.1".parse().unwrap()));
        assert!(!guard.allows("10.0.0.1".parse().unwrap()));
    }
}
