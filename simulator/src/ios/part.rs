//! The modes below the configuration mode, each of which is a part of the configuration.

use super::commands::{
    DEVICE, DIAL_PEER, EPHONE, EPHONE_DN, INTERFACE, LINE, REGISTER_DN, REGISTER_GLOBAL, REGISTER_POOL, Setting,
    TELEPHONY_SERVICE,
};
use super::grammar::Rule;

/// A mode below the configuration mode, by the command that its section has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    TelephonyService,
    EphoneDn,
    Ephone,
    RegisterGlobal,
    RegisterDn,
    RegisterPool,
    Interface,
    DialPeer,
    Line,
    /// What is set in the configuration mode itself.
    Device,
}

impl Part {
    /// Those that are listed in the configuration one after the other.
    pub(super) const ALL: [Self; 9] = [
        Self::Interface,
        Self::RegisterGlobal,
        Self::RegisterDn,
        Self::RegisterPool,
        Self::DialPeer,
        Self::TelephonyService,
        Self::EphoneDn,
        Self::Ephone,
        Self::Line,
    ];

    /// The command that its section begins with.
    pub(super) fn command(self) -> &'static str {
        match self {
            Self::TelephonyService => "telephony-service",
            Self::EphoneDn => "ephone-dn",
            Self::Ephone => "ephone",
            Self::RegisterGlobal => "voice register global",
            Self::RegisterDn => "voice register dn",
            Self::RegisterPool => "voice register pool",
            Self::Interface => "interface",
            Self::DialPeer => "dial-peer voice",
            Self::Line => "line",
            Self::Device => "global",
        }
    }

    /// What the prompt shows.
    pub(super) fn prompt(self) -> &'static str {
        match self {
            Self::TelephonyService => "config-telephony",
            Self::EphoneDn => "config-ephone-dn",
            Self::Ephone => "config-ephone",
            Self::RegisterGlobal => "config-register-global",
            Self::RegisterDn => "config-register-dn",
            Self::RegisterPool => "config-register-pool",
            Self::Interface => "config-if",
            Self::DialPeer => "config-dial-peer",
            Self::Line => "config-line",
            Self::Device => "config",
        }
    }

    pub(super) fn rules(self) -> &'static [Rule<Setting>] {
        match self {
            Self::TelephonyService => TELEPHONY_SERVICE,
            Self::EphoneDn => EPHONE_DN,
            Self::Ephone => EPHONE,
            Self::RegisterGlobal => REGISTER_GLOBAL,
            Self::RegisterDn => REGISTER_DN,
            Self::RegisterPool => REGISTER_POOL,
            Self::Interface => INTERFACE,
            Self::DialPeer => DIAL_PEER,
            Self::Line => LINE,
            Self::Device => DEVICE,
        }
    }

    /// Whether there is one of it, without a number.
    pub(super) fn is_single(self) -> bool {
        matches!(self, Self::TelephonyService | Self::RegisterGlobal | Self::Device)
    }

    /// Whether its sections are told apart by names, such as `GigabitEthernet0/0`, and not by numbers.
    pub(super) fn is_named(self) -> bool {
        matches!(self, Self::Interface | Self::DialPeer | Self::Line)
    }

    /// Where the most of it is set, and by which command.
    pub(super) fn limit(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::TelephonyService
            | Self::RegisterGlobal
            | Self::Interface
            | Self::DialPeer
            | Self::Line
            | Self::Device => None,
            Self::EphoneDn => Some(("telephony-service", "max-dn")),
            Self::Ephone => Some(("telephony-service", "max-ephones")),
            Self::RegisterDn => Some(("voice register global", "max-dn")),
            Self::RegisterPool => Some(("voice register global", "max-pool")),
        }
    }
}
