//! The abstractions of `ietf-mud:mud`, resolved in a home (RFC 8520 sections 3.10 to 3.15).

use std::borrow::Cow;

use mudguard_mud::{CONTROLLER_DNS, CONTROLLER_GATEWAY, CONTROLLER_NTP};

use super::{Context, ends::End, reason::Class};
use crate::{LOCAL_GROUPS, Member, Neighbour};

/// A class that an ACE names, with its members in this home.
pub(super) struct Members<'a> {
    pub(super) class: Class<'a>,
    pub(super) ends: Vec<End<'a>>,
}

/// The classes that the ACE names. All must hold together.
pub(super) fn classes<'a>(context: &Context<'a>, is_for_tcp_alone: bool) -> Vec<Members<'a>> {
    let Some(mud) = &context.ace.matches.mud else {
        return Vec::new();
    };
    let mut classes = Vec::new();
    if mud.local_networks {
        classes.push(Members {
            class: Class::LocalNetworks,
            ends: local_networks(context, is_for_tcp_alone),
        });
    }
    if let Some(uri) = &mud.controller {
        classes.push(Members {
            class: Class::Controller(uri),
            ends: controller(context, uri),
        });
    }
    if mud.my_controller {
        let ends = members(context, &context.site.my_controllers, false);
        classes.push(Members {
            class: Class::MyController,
            ends,
        });
    }
    let hosts = [
        mud.manufacturer.as_ref().map(|host| host.as_str()),
        mud.same_manufacturer.then(|| context.file.mud_url.host()),
    ];
    for host in hosts.into_iter().flatten() {
        let ends = things(context, |neighbour| neighbour.url.host() == host);
        classes.push(Members {
            class: Class::Manufacturer(host),
            ends,
        });
    }
    if let Some(url) = &mud.model {
        let ends = things(context, |neighbour| neighbour.url == *url);
        classes.push(Members {
            class: Class::Model(url),
            ends,
        });
    }
    classes
}

fn local_networks<'a>(context: &Context<'a>, is_for_tcp_alone: bool) -> Vec<End<'a>> {
    let networks = End::Addresses(Cow::Borrowed(&context.site.local_networks));
    // TCP knows no groups (RFC 9293 section 3.9.2.3).
    let groups = (!is_for_tcp_alone).then(|| End::Groups(LOCAL_GROUPS.to_vec()));
    [networks].into_iter().chain(groups).collect()
}

fn controller<'a>(context: &Context<'a>, uri: &str) -> Vec<End<'a>> {
    let is_gateway = [CONTROLLER_DNS, CONTROLLER_NTP, CONTROLLER_GATEWAY].contains(&uri);
    let chosen = context.site.controllers.get(uri).map_or(&[][..], Vec::as_slice);
    members(context, chosen, is_gateway)
}

/// What the members of a class are at the other end of a flow, kind by kind.
fn members<'a>(context: &Context<'a>, members: &[Member], is_gateway: bool) -> Vec<End<'a>> {
    let mut is_gateway = is_gateway;
    let mut things = Vec::new();
    let mut networks = Vec::new();
    for member in members {
        match member {
            Member::Gateway => is_gateway = true,
            Member::Thing(mac) => things.push(*mac),
            Member::Network(network) => networks.push(network.trunc()),
        }
    }
    things.retain(|mac| Some(*mac) != context.site.thing);
    things.sort_unstable();
    things.dedup();
    networks.sort_unstable();
    networks.dedup();
    let gateway = is_gateway.then_some(End::Gateway);
    let things = (!things.is_empty()).then_some(End::Things(things));
    let networks = (!networks.is_empty()).then_some(End::Addresses(networks.into()));
    gateway.into_iter().chain(things).chain(networks).collect()
}

/// Other Things, identified as strongly as this one (RFC 8520 section 16).
fn things<'a>(context: &Context<'a>, is_member: impl Fn(&Neighbour) -> bool) -> Vec<End<'a>> {
    let site = context.site;
    let mut macs: Vec<_> = site
        .things
        .iter()
        .filter(|neighbour| neighbour.identity == site.identity && is_member(neighbour))
        .map(|neighbour| neighbour.mac)
        .filter(|mac| Some(*mac) != site.thing)
        .collect();
    macs.sort_unstable();
    macs.dedup();
    if macs.is_empty() {
        Vec::new()
    } else {
        vec![End::Things(macs)]
    }
}
