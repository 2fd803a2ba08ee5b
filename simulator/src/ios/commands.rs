//! The commands of the simulated router, mode by mode, in the order in which its configuration lists them.

use super::grammar::Rule;
use super::part::Part;

/// What the privileged and the user mode know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exec {
    Enable,
    Disable,
    Leave,
    Configure,
    ConfigureLocked,
    /// The device asks from where.
    ConfigureFrom,
    Write,
    Copy,
    ShowRunning,
    ShowRunningInterface,
    ShowStartup,
    ShowVersion,
    ShowClock,
    ShowPrivilege,
    ShowTelephony,
    ShowTelephonyPhones,
    ShowTelephonyDns,
    ShowEphoneSummary,
    ShowEphone,
    /// Those that a phone has registered for.
    ShowRegistered,
    ShowEphoneDn,
    ShowEphoneDnSummary,
    ShowRegisterGlobal,
    ShowRegisterAll,
    ShowRegisterPools,
    ShowRegisterDns,
    ShowDialPeers,
    /// The addresses of the interfaces.
    ShowAddresses,
    ShowInterfaces,
    ShowInterface,
    ShowDescriptions,
    ShowInventory,
    ShowUsers,
    Length,
    Terminal,
    Session,
    Clear,
}

/// What the configuration mode knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Global {
    Enter(Part),
    /// With a line mode behind the number.
    EnterMode(Part),
    /// A section that a name tells from others.
    EnterNamed(Part),
    Hostname,
    Do,
    Exit,
    End,
}

/// What the modes below it know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Setting {
    /// It is kept, as it is typed, under the words of the command.
    Keep,
    /// Like it, with quotes around the first argument.
    KeepQuoted,
    Mac,
    PhoneType,
    SipPhoneType,
    Buttons,
    /// `number 1 dn 5` of a pool: kept for each position.
    PoolNumber,
    /// `speed-dial 1 …`: kept for each position.
    Indexed,
    Limit(Part),
    /// It is on unless a `no` says otherwise, which is kept.
    On,
    Restart,
    Reset,
    CreateFiles,
}

/// What may be typed in every mode.
pub(super) const EXEC: &[Rule<Exec>] = &[
    ("enable", Exec::Enable),
    ("exit", Exec::Leave),
    ("logout", Exec::Leave),
    ("quit", Exec::Leave),
    ("show version", Exec::ShowVersion),
    ("show clock", Exec::ShowClock),
    ("show privilege", Exec::ShowPrivilege),
    ("show users", Exec::ShowUsers),
    ("who", Exec::ShowUsers),
    ("show ip interface brief", Exec::ShowAddresses),
    ("show interfaces", Exec::ShowInterfaces),
    ("show interfaces description", Exec::ShowDescriptions),
    ("show interfaces LINE", Exec::ShowInterface),
    ("show inventory", Exec::ShowInventory),
    ("terminal length <0-512>", Exec::Length),
    ("terminal width <0-512>", Exec::Terminal),
    ("terminal monitor", Exec::Terminal),
    ("terminal no monitor", Exec::Terminal),
];

/// What may be typed after `enable`, beside [`EXEC`].
pub(super) const PRIVILEGED: &[Rule<Exec>] = &[
    ("disable", Exec::Disable),
    ("configure", Exec::ConfigureFrom),
    ("configure terminal", Exec::Configure),
    ("configure terminal lock", Exec::ConfigureLocked),
    ("write", Exec::Write),
    ("write memory", Exec::Write),
    ("write terminal", Exec::ShowRunning),
    ("copy running-config startup-config", Exec::Copy),
    ("show running-config", Exec::ShowRunning),
    ("show running-config | LINE", Exec::ShowRunning),
    ("show running-config interface LINE", Exec::ShowRunningInterface),
    ("show startup-config", Exec::ShowStartup),
    ("show startup-config | LINE", Exec::ShowStartup),
    ("show telephony-service", Exec::ShowTelephony),
    ("show telephony-service ephone", Exec::ShowTelephonyPhones),
    ("show telephony-service ephone-dn", Exec::ShowTelephonyDns),
    ("show ephone", Exec::ShowEphone),
    ("show ephone summary", Exec::ShowEphoneSummary),
    ("show ephone phone-load", Exec::ShowRegistered),
    ("show ephone registered", Exec::ShowRegistered),
    ("show ephone unregistered", Exec::ShowEphone),
    ("show ephone-dn", Exec::ShowEphoneDn),
    ("show ephone-dn <1-720>", Exec::ShowEphoneDn),
    ("show ephone-dn summary", Exec::ShowEphoneDnSummary),
    ("show voice register global", Exec::ShowRegisterGlobal),
    ("show voice register all", Exec::ShowRegisterAll),
    ("show voice register pool all", Exec::ShowRegisterPools),
    ("show voice register pool <1-262>", Exec::ShowRegisterPools),
    ("show voice register pool registered", Exec::ShowRegistered),
    ("show voice register dn all", Exec::ShowRegisterDns),
    ("show voice register dn <1-720>", Exec::ShowRegisterDns),
    ("show dial-peer voice summary", Exec::ShowDialPeers),
    ("service-module WORD WORD session", Exec::Session),
    ("service-module WORD session", Exec::Session),
    ("service-module WORD WORD session clear", Exec::Clear),
    ("service-module WORD session clear", Exec::Clear),
];

pub(super) const GLOBAL: &[Rule<Global>] = &[
    ("hostname WORD", Global::Hostname),
    ("telephony-service", Global::Enter(Part::TelephonyService)),
    ("ephone-dn <1-720>", Global::Enter(Part::EphoneDn)),
    ("ephone-dn <1-720> dual-line", Global::EnterMode(Part::EphoneDn)),
    ("ephone-dn <1-720> octo-line", Global::EnterMode(Part::EphoneDn)),
    ("ephone <1-262>", Global::Enter(Part::Ephone)),
    ("voice register global", Global::Enter(Part::RegisterGlobal)),
    ("voice register dn <1-720>", Global::Enter(Part::RegisterDn)),
    ("voice register pool <1-262>", Global::Enter(Part::RegisterPool)),
    ("interface LINE", Global::EnterNamed(Part::Interface)),
    ("dial-peer voice <1-2147483647>", Global::EnterNamed(Part::DialPeer)),
    ("dial-peer voice <1-2147483647> voip", Global::EnterNamed(Part::DialPeer)),
    ("dial-peer voice <1-2147483647> pots", Global::EnterNamed(Part::DialPeer)),
    ("line con <0-0>", Global::EnterNamed(Part::Line)),
    ("line console <0-0>", Global::EnterNamed(Part::Line)),
    ("line aux <0-0>", Global::EnterNamed(Part::Line)),
    ("line vty <0-15>", Global::EnterNamed(Part::Line)),
    ("line vty <0-15> <0-15>", Global::EnterNamed(Part::Line)),
    ("do LINE", Global::Do),
    ("exit", Global::Exit),
    ("end", Global::End),
];

pub(super) const TELEPHONY_SERVICE: &[Rule<Setting>] = &[
    ("load WORD WORD", Setting::Indexed),
    ("max-ephones <1-262>", Setting::Limit(Part::Ephone)),
    ("max-dn <1-720>", Setting::Limit(Part::EphoneDn)),
    ("ip source-address WORD port <2000-9999>", Setting::Keep),
    ("auto assign <1-720> to <1-720>", Setting::Keep),
    ("system message LINE", Setting::Keep),
    ("voicemail DIAL", Setting::Keep),
    ("max-conferences <0-720> gain WORD", Setting::Keep),
    ("moh WORD", Setting::Keep),
    ("dn-webedit", Setting::Keep),
    ("time-webedit", Setting::Keep),
    ("transfer-system WORD", Setting::Keep),
    ("secondary-dialtone DIAL", Setting::Keep),
    ("create cnf-files", Setting::CreateFiles),
];

pub(super) const EPHONE_DN: &[Rule<Setting>] = &[
    ("number DIAL", Setting::Keep),
    ("number DIAL secondary DIAL", Setting::Keep),
    ("number DIAL no-reg primary", Setting::Keep),
    ("number DIAL no-reg both", Setting::Keep),
    ("pickup-group <1-65535>", Setting::Keep),
    ("label LINE", Setting::Keep),
    ("description LINE", Setting::Keep),
    ("name LINE", Setting::Keep),
    ("ephone-dn-template <1-20>", Setting::Keep),
    ("preference <0-10>", Setting::Keep),
    ("call-forward all DIAL", Setting::Keep),
    ("call-forward busy DIAL", Setting::Keep),
    ("call-forward noan DIAL timeout <3-60000>", Setting::Keep),
    ("call-forward max-length <0-32>", Setting::Keep),
    ("corlist incoming WORD", Setting::Keep),
    ("corlist outgoing WORD", Setting::Keep),
    ("hold-alert <15-300> originator", Setting::Keep),
    ("translation-profile incoming WORD", Setting::Keep),
    ("translation-profile outgoing WORD", Setting::Keep),
    ("mwi sip", Setting::Keep),
    ("mwi on", Setting::Keep),
    ("mwi off", Setting::Keep),
    ("huntstop", Setting::On),
    ("huntstop channel", Setting::Keep),
];

pub(super) const EPHONE: &[Rule<Setting>] = &[
    ("device-security-mode WORD", Setting::Keep),
    ("description LINE", Setting::Keep),
    ("mac-address H.H.H", Setting::Mac),
    ("ephone-template <1-20>", Setting::Keep),
    ("max-calls-per-button <1-8>", Setting::Keep),
    ("busy-trigger-per-button <1-8>", Setting::Keep),
    ("username WORD", Setting::KeepQuoted),
    ("username WORD password WORD", Setting::KeepQuoted),
    ("speed-dial <1-33> DIAL", Setting::Indexed),
    ("speed-dial <1-33> DIAL label LINE", Setting::Indexed),
    ("paging-dn <1-720>", Setting::Keep),
    ("codec WORD", Setting::Keep),
    ("type WORD", Setting::PhoneType),
    ("night-service bell", Setting::Keep),
    ("dnd feature-ring", Setting::Keep),
    ("button LINE", Setting::Buttons),
    ("restart", Setting::Restart),
    ("reset", Setting::Reset),
];

pub(super) const REGISTER_GLOBAL: &[Rule<Setting>] = &[
    ("mode cme", Setting::Keep),
    ("source-address WORD port <2000-9999>", Setting::Keep),
    ("max-dn <1-720>", Setting::Limit(Part::RegisterDn)),
    ("max-pool <1-262>", Setting::Limit(Part::RegisterPool)),
    ("load WORD WORD", Setting::Indexed),
    ("authenticate register", Setting::Keep),
    ("voicemail DIAL", Setting::Keep),
    ("create profile", Setting::CreateFiles),
];

pub(super) const REGISTER_DN: &[Rule<Setting>] = &[
    ("number DIAL", Setting::Keep),
    ("call-forward b2bua all DIAL", Setting::Keep),
    ("call-forward b2bua busy DIAL", Setting::Keep),
    ("call-forward b2bua mailbox DIAL", Setting::Keep),
    ("call-forward b2bua noan DIAL timeout <3-60000>", Setting::Keep),
    ("pickup-group <1-65535>", Setting::Keep),
    ("name LINE", Setting::Keep),
    ("label LINE", Setting::Keep),
    ("preference <0-10>", Setting::Keep),
    ("huntstop channel <1-50>", Setting::Keep),
    ("mwi", Setting::Keep),
];

pub(super) const REGISTER_POOL: &[Rule<Setting>] = &[
    ("id mac H.H.H", Setting::Mac),
    ("type WORD", Setting::SipPhoneType),
    ("number <1-6> dn <1-720>", Setting::PoolNumber),
    ("template <1-10>", Setting::Keep),
    ("dtmf-relay WORD", Setting::Keep),
    ("username WORD password WORD", Setting::Keep),
    ("description LINE", Setting::Keep),
    ("codec WORD", Setting::Keep),
    ("restart", Setting::Restart),
    ("reset", Setting::Reset),
];

pub(super) const INTERFACE: &[Rule<Setting>] = &[
    ("description LINE", Setting::Keep),
    ("encapsulation dot1q <1-4094>", Setting::Keep),
    ("ip address WORD WORD", Setting::Keep),
    ("ip address dhcp", Setting::Keep),
    ("ip helper-address WORD", Setting::Keep),
    ("shutdown", Setting::Keep),
    ("duplex WORD", Setting::Keep),
    ("speed WORD", Setting::Keep),
];

pub(super) const DIAL_PEER: &[Rule<Setting>] = &[
    ("description LINE", Setting::Keep),
    ("preference <0-10>", Setting::Keep),
    ("destination-pattern WORD", Setting::Keep),
    ("session protocol sipv2", Setting::Keep),
    ("session target WORD", Setting::Keep),
    ("incoming called-number WORD", Setting::Keep),
    ("voice-class codec <1-10000>", Setting::Keep),
    ("dtmf-relay LINE", Setting::Keep),
    ("codec WORD", Setting::Keep),
    ("port WORD", Setting::Keep),
    ("forward-digits WORD", Setting::Keep),
    ("direct-inward-dial", Setting::Keep),
    ("vad", Setting::On),
    ("shutdown", Setting::Keep),
];

pub(super) const LINE: &[Rule<Setting>] = &[
    ("exec-timeout <0-35791>", Setting::Keep),
    ("exec-timeout <0-35791> <0-2147483>", Setting::Keep),
    ("logging synchronous", Setting::Keep),
    ("login", Setting::Keep),
    ("login local", Setting::Keep),
    ("length <0-512>", Setting::Keep),
    ("transport input LINE", Setting::Keep),
];

pub(super) const DEVICE: &[Rule<Setting>] = &[
    ("ip domain lookup", Setting::On),
    ("ip domain name WORD", Setting::Keep),
    ("ip http server", Setting::On),
    ("clock timezone WORD <0-23>", Setting::Keep),
    ("logging buffered <4096-2147483647>", Setting::Keep),
    ("ip route WORD WORD WORD", Setting::Indexed),
    ("ntp server WORD", Setting::Indexed),
];

/// The models that phones of each protocol may have.
pub(super) const SCCP_TYPES: &[&str] = &[
    "12SP", "6901", "6911", "6921", "6941", "6945", "6961", "7902", "7905", "7906", "7910", "7911", "7912", "7920",
    "7921", "7925", "7926", "7931", "7935", "7936", "7937", "7940", "7941", "7941GE", "7942", "7945", "7960", "7961",
    "7961GE", "7962", "7965", "7970", "7971", "7975", "7985", "8941", "8945", "CIPC", "anl", "ata", "bri",
];
pub(super) const SIP_TYPES: &[&str] = &[
    "3905", "3911", "3951", "6901", "6911", "6921", "6941", "6945", "6961", "7811", "7821", "7841", "7861", "7905",
    "7906", "7911", "7912", "7940", "7941", "7941GE", "7942", "7945", "7960", "7961", "7961GE", "7962", "7965", "7970",
    "7971", "7975", "8811", "8841", "8845", "8851", "8861", "8865", "8941", "8945", "8961", "9951", "9971",
];
