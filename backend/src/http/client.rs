//! Who is asking: from the socket, or from `Forwarded` (RFC 7239) behind a configured proxy.

use std::future::{Ready, ready};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpMessage as _, HttpRequest};
use ipnet::IpNet;

use crate::error::ApiError;

/// The longest user agent that is kept, in characters.
const MAX_USER_AGENT: usize = 300;

/// A request as the journal and the counters of failures know it. An extractor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestInfo {
    /// The identifier of the request, told in problems and logs.
    pub request_id: String,
    /// Who is asking.
    pub address: IpAddr,
    /// The browser, shortened.
    pub user_agent: String,
}

impl FromRequest for RequestInfo {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(
            request
                .extensions()
                .get::<Self>()
                .cloned()
                .ok_or_else(|| ApiError::internal("a request without its information")),
        )
    }
}

/// Networks of proxies whose `Forwarded` is believed.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(pub Vec<IpNet>);

impl TrustedProxies {
    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }

    /// The first address, from ours outward, that is no proxy of ours. Whatever stands behind it was written
    /// by a stranger.
    #[must_use]
    pub fn client(&self, peer: IpAddr, forwarded: &[&str]) -> IpAddr {
        let mut address = canonical(peer);
        if !self.trusts(address) {
            return address;
        }
        let elements: Vec<&str> = forwarded.iter().flat_map(|line| line.split(',')).collect();
        for element in elements.iter().rev() {
            match forwarded_for(element) {
                Some(next) => address = canonical(next),
                // `unknown`, or a name: nobody behind it can be told.
                None => return address,
            }
            if !self.trusts(address) {
                return address;
            }
        }
        address
    }
}

/// An IPv4 address that came through an IPv6 socket counts as itself.
fn canonical(address: IpAddr) -> IpAddr {
    address.to_canonical()
}

/// The address of `for=` in one element: `1.2.3.4`, `"1.2.3.4:80"`, `"[2001:db8::1]:80"`.
fn forwarded_for(element: &str) -> Option<IpAddr> {
    let value = element.split(';').find_map(|pair| {
        let (name, value) = pair.trim().split_once('=')?;
        name.trim().eq_ignore_ascii_case("for").then_some(value)
    })?;
    let value = value.trim().trim_matches('"');
    value
        .parse::<IpAddr>()
        .ok()
        .or_else(|| value.parse::<SocketAddr>().ok().map(|socket| socket.ip()))
        .or_else(|| value.strip_prefix('[')?.strip_suffix(']')?.parse().ok())
}

/// Gathers the information of a request.
pub(super) fn info(request: &HttpRequest, request_id: String, proxies: &TrustedProxies) -> RequestInfo {
    let peer = request.peer_addr().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |socket| socket.ip());
    let forwarded: Vec<&str> =
        request.headers().get_all("forwarded").filter_map(|value| value.to_str().ok()).collect();
    let user_agent =
        request.headers().get(header::USER_AGENT).map(|value| String::from_utf8_lossy(value.as_bytes()));
    RequestInfo {
        request_id,
        address: proxies.client(peer, &forwarded),
        user_agent: user_agent
            .unwrap_or_default()
            .chars()
            .filter(|c| !c.is_control())
            .take(MAX_USER_AGENT)
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, forwarded: &[&str]) -> String {
        let proxies = TrustedProxies(vec!["10.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()]);
        proxies.client(peer.parse().unwrap(), forwarded).to_string()
    }

    #[test]
    fn a_stranger_cannot_name_himself() {
        assert_eq!(client("198.51.100.7", &["for=203.0.113.9"]), "198.51.100.7");
    }

    #[test]
    fn rfc7239_the_nearest_address_that_is_no_proxy_of_ours_asks() {
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &["for=203.0.113.9;proto=https"]), "203.0.113.9");
        assert_eq!(client("10.0.0.1", &["for=1.1.1.1, for=203.0.113.9, For=10.0.0.2"]), "203.0.113.9");
        assert_eq!(client("10.0.0.1", &["for=1.1.1.1", "for=\"203.0.113.9:4711\""]), "203.0.113.9");
        assert_eq!(client("::1", &["for=\"[2001:db8::17]:4711\""]), "2001:db8::17");
        assert_eq!(client("10.0.0.1", &["for=1.1.1.1, for=unknown"]), "10.0.0.1");
        assert_eq!(client("::ffff:10.0.0.1", &["for=\"[2001:db8::17]\""]), "2001:db8::17");
    }
}
