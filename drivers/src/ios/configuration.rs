use dialtone_model::PhoneProtocol;

/// What the running configuration says of phones and numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Configuration {
    pub(super) slots: Vec<Slot>,
    limits: Vec<(Kind, u32)>,
}

/// A numbered section of the configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    pub(super) kind: Kind,
    pub(super) tag: u32,
    /// How many channels an ephone-dn has: nothing, `dual-line` or `octo-line`.
    pub(super) channels: String,
    /// What is set, a line each, single spaces between the words.
    pub(super) lines: Vec<String>,
}

/// What is kept in slots.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// A number for SCCP.
    EphoneDn,
    /// A phone that speaks SCCP.
    Ephone,
    /// A number for SIP.
    RegisterDn,
    /// A phone that speaks SIP.
    RegisterPool,
}

/// A button of a phone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Button {
    pub(super) position: u32,
    /// What is between the position and the slots: `:` and its like. It says how the button rings.
    pub(super) separator: char,
    /// The slots of its numbers.
    pub(super) tags: Vec<u32>,
}

impl Kind {
    /// The command that a section of it begins with.
    pub(super) fn command(self) -> &'static str {
        match self {
            Self::EphoneDn => "ephone-dn",
            Self::Ephone => "ephone",
            Self::RegisterDn => "voice register dn",
            Self::RegisterPool => "voice register pool",
        }
    }

    /// The slots for the phones that speak a protocol.
    pub(super) fn of_phones(protocol: PhoneProtocol) -> Self {
        match protocol {
            PhoneProtocol::Sccp => Self::Ephone,
            PhoneProtocol::Sip => Self::RegisterPool,
        }
    }

    /// The slots for the numbers of phones that speak a protocol.
    pub(super) fn of_numbers(protocol: PhoneProtocol) -> Self {
        match protocol {
            PhoneProtocol::Sccp => Self::EphoneDn,
            PhoneProtocol::Sip => Self::RegisterDn,
        }
    }

    pub(super) fn protocol(self) -> PhoneProtocol {
        match self {
            Self::EphoneDn | Self::Ephone => PhoneProtocol::Sccp,
            Self::RegisterDn | Self::RegisterPool => PhoneProtocol::Sip,
        }
    }

    pub(super) fn is_of_numbers(self) -> bool {
        matches!(self, Self::EphoneDn | Self::RegisterDn)
    }

    /// The command that gives a phone its address.
    pub(super) fn address_command(self) -> &'static str {
        match self {
            Self::RegisterPool => "id mac",
            _ => "mac-address",
        }
    }
}

impl Configuration {
    /// Reads the output of `show running-config`, or of a part of it. What isn't about phones and numbers is passed by.
    pub(super) fn read(text: &str) -> Self {
        let mut configuration = Self::default();
        let mut section = Section::Other;
        for line in text.lines() {
            let words: Vec<&str> = line.split_whitespace().collect();
            if words.is_empty() || words[0] == "!" {
                continue;
            }
            if line.starts_with(' ') {
                configuration.setting(section, &words);
            } else {
                section = configuration.begin(&words);
            }
        }
        configuration
    }

    fn begin(&mut self, words: &[&str]) -> Section {
        let (kind, rest) = match words {
            ["telephony-service", ..] => return Section::TelephonyService,
            ["voice", "register", "global", ..] => return Section::RegisterGlobal,
            ["ephone-dn", rest @ ..] => (Kind::EphoneDn, rest),
            ["ephone", rest @ ..] => (Kind::Ephone, rest),
            ["voice", "register", "dn", rest @ ..] => (Kind::RegisterDn, rest),
            ["voice", "register", "pool", rest @ ..] => (Kind::RegisterPool, rest),
            _ => return Section::Other,
        };
        let Some(tag) = rest.first().and_then(|tag| tag.parse().ok()) else { return Section::Other };
        let channels = rest.get(1).copied().unwrap_or_default().to_owned();
        self.slots.push(Slot { kind, tag, channels, lines: Vec::new() });
        Section::Slot
    }

    fn setting(&mut self, section: Section, words: &[&str]) {
        let limit = |word: &str| word.parse::<u32>().ok();
        match (section, words) {
            (Section::Slot, _) => {
                if let Some(slot) = self.slots.last_mut() {
                    slot.lines.push(words.join(" "));
                }
            }
            (Section::TelephonyService, ["max-dn", most, ..]) => {
                self.limits.extend(limit(most).map(|most| (Kind::EphoneDn, most)));
            }
            (Section::TelephonyService, ["max-ephones", most, ..]) => {
                self.limits.extend(limit(most).map(|most| (Kind::Ephone, most)));
            }
            (Section::RegisterGlobal, ["max-dn", most, ..]) => {
                self.limits.extend(limit(most).map(|most| (Kind::RegisterDn, most)));
            }
            (Section::RegisterGlobal, ["max-pool", most, ..]) => {
                self.limits.extend(limit(most).map(|most| (Kind::RegisterPool, most)));
            }
            _ => {}
        }
    }

    pub(super) fn of(&self, kind: Kind) -> impl Iterator<Item = &Slot> {
        self.slots.iter().filter(move |slot| slot.kind == kind)
    }

    /// How many slots of a kind there may be, where the configuration says it.
    pub(super) fn limit(&self, kind: Kind) -> Option<u32> {
        self.limits.iter().find(|(of, _)| *of == kind).map(|(_, most)| *most)
    }

    /// The lowest slot that nobody uses. A slot that was begun and never filled is nobody's, if it has as many channels
    /// as are wanted.
    pub(super) fn free_tag(&self, kind: Kind, channels: &str) -> Option<u32> {
        // A device that doesn't say how many there may be has none to give.
        let most = self.limit(kind)?;
        let is_nobodys = |slot: &Slot| slot.is_blank() && slot.channels == channels && self.carriers(slot).is_empty();
        (1..=most).find(|tag| self.of(kind).all(|slot| slot.tag != *tag || is_nobodys(slot)))
    }

    /// The phone with this MAC address, twelve capital digits.
    pub(super) fn phone(&self, mac: &str) -> Option<&Slot> {
        self.slots.iter().find(|slot| slot.mac().as_deref() == Some(mac))
    }

    /// The slots whose own number this is.
    pub(super) fn own<'c, 'n>(&'c self, number: &'n str) -> impl Iterator<Item = &'c Slot> + use<'c, 'n> {
        self.numbers(number).filter(move |slot| slot.number() == Some(number))
    }

    /// The slots that calls to this number reach, as their own one or as their second one.
    pub(super) fn numbers<'c, 'n>(&'c self, number: &'n str) -> impl Iterator<Item = &'c Slot> + use<'c, 'n> {
        self.slots.iter().filter(move |slot| slot.kind.is_of_numbers() && slot.has_number(number))
    }

    /// The slot that was begun under this mark.
    pub(super) fn marked(&self, mark: &str) -> Option<&Slot> {
        self.slots.iter().find(|slot| slot.value(slot.mark_command()) == Some(mark))
    }

    /// The phones that have a number's slot on a button.
    pub(super) fn carriers(&self, number: &Slot) -> Vec<&Slot> {
        if !number.kind.is_of_numbers() {
            return Vec::new();
        }
        let of = Kind::of_phones(number.kind.protocol());
        self.of(of).filter(|phone| phone.buttons().iter().any(|button| button.tags.contains(&number.tag))).collect()
    }
}

#[derive(Clone, Copy)]
enum Section {
    TelephonyService,
    RegisterGlobal,
    Slot,
    Other,
}

impl Slot {
    /// What people call it: `ephone-dn 5`.
    pub(super) fn title(&self) -> String {
        format!("{} {}", self.kind.command(), self.tag)
    }

    /// What is behind the words of a command.
    pub(super) fn value(&self, command: &str) -> Option<&str> {
        let behind = |line: &'_ str| -> Option<usize> {
            let rest = line.strip_prefix(command)?;
            (rest.is_empty() || rest.starts_with(' ')).then_some(command.len())
        };
        self.lines.iter().find_map(|line| behind(line).map(|at| line[at..].trim_start()))
    }

    /// The command whose value tells whose a slot is until it is finished: it needs no other before it, and has no
    /// effect on calls.
    pub(super) fn mark_command(&self) -> &'static str {
        if self.kind.is_of_numbers() { "name" } else { "description" }
    }

    /// Whether nothing is set in it but what the device sets by itself.
    pub(super) fn is_blank(&self) -> bool {
        self.lines.iter().all(|line| line.starts_with("device-security-mode ") || line == "huntstop channel")
    }

    /// The MAC address of a phone, twelve capital digits.
    pub(super) fn mac(&self) -> Option<String> {
        if self.kind.is_of_numbers() {
            return None;
        }
        let digits: String = self.value(self.kind.address_command())?.split(' ').next()?.replace('.', "");
        Some(digits.to_ascii_uppercase())
    }

    /// The number, without what else stands behind it.
    pub(super) fn number(&self) -> Option<&str> {
        self.value("number")?.split(' ').next()
    }

    /// Whether calls to a number come here: as the first or as the second one.
    fn has_number(&self, number: &str) -> bool {
        let words: Vec<&str> = self.value("number").unwrap_or_default().split(' ').collect();
        match words.as_slice() {
            [first, "secondary", second, ..] => *first == number || *second == number,
            [first, ..] => *first == number,
            [] => false,
        }
    }

    /// The buttons of a phone, by their positions.
    pub(super) fn buttons(&self) -> Vec<Button> {
        let mut buttons: Vec<Button> = match self.kind {
            Kind::Ephone => self.value("button").unwrap_or_default().split(' ').filter_map(Button::read).collect(),
            Kind::RegisterPool => self.lines.iter().filter_map(|line| Button::of_pool(line)).collect(),
            Kind::EphoneDn | Kind::RegisterDn => Vec::new(),
        };
        buttons.sort_by_key(|button| button.position);
        buttons
    }
}

impl Button {
    /// Reads `1:5`, `2o6,7` and their like.
    fn read(word: &str) -> Option<Self> {
        let at = word.find(|char: char| !char.is_ascii_digit())?;
        let separator = word[at..].chars().next()?;
        let tags: Option<Vec<u32>> = word[at + separator.len_utf8()..].split(',').map(|tag| tag.parse().ok()).collect();
        Some(Self { position: word[..at].parse().ok()?, separator, tags: tags? })
    }

    /// Reads `number 1 dn 5`.
    fn of_pool(line: &str) -> Option<Self> {
        let words: Vec<&str> = line.split(' ').collect();
        let ["number", position, "dn", tag, ..] = words.as_slice() else { return None };
        Some(Self { position: position.parse().ok()?, separator: ':', tags: vec![tag.parse().ok()?] })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As a router prints it, cut to what matters here.
    const RUNNING: &str = "Building configuration...\n\nCurrent configuration : 1 bytes\n!\nhostname CME\n!\n\
        voice register global\n mode cme\n max-dn 20\n max-pool 10\n!\n\
        voice register dn  1\n number 2001\n name Jane\n!\n\
        voice register pool  3\n id mac 0011.2233.44FF\n type 7965\n number 2 dn 1\n!\n\
        dial-peer voice 1 voip\n destination-pattern 5...\n!\n\
        telephony-service\n max-ephones 5\n max-dn 6 preference 1\n ip source-address 10.0.0.1 port 2000\n!\n\
        ephone-dn-template  1\n call-forward busy 1\n!\n\
        ephone-dn  1  dual-line\n number 1001 secondary 5551001 no-reg primary\n label Tony\n name Tony Jones\n\
        \x20call-forward noan 5000 timeout 20\n!\n!\n\
        ephone-dn  2\n!\n!\nephone-dn  4  octo-line\n number 1004\n!\n\
        ephone  1\n device-security-mode none\n mac-address 0011.2233.4455\n username \"tony\" password 1\n\
        \x20type 7965 addon 1 7916-12\n button  1:1 3o4,1\n!\n!\n\
        ephone  2\n device-security-mode none\n!\nline con 0\n login\nend\n";

    #[test]
    fn phones_and_numbers_are_read_with_their_slots() {
        let read = Configuration::read(RUNNING);
        assert_eq!(read.slots.len(), 7);
        let tony = read.numbers("1001").next().unwrap();
        assert_eq!((tony.kind, tony.tag, tony.channels.as_str()), (Kind::EphoneDn, 1, "dual-line"));
        assert_eq!((tony.number(), tony.value("name")), (Some("1001"), Some("Tony Jones")));
        assert_eq!(tony.value("call-forward noan"), Some("5000 timeout 20"));
        assert_eq!((tony.value("call-forward busy"), tony.value("na")), (None, None));
        assert_eq!(read.numbers("5551001").next(), Some(tony));
        let phone = read.phone("001122334455").unwrap();
        assert_eq!(phone.title(), "ephone 1");
        assert_eq!(
            phone.buttons(),
            [
                Button { position: 1, separator: ':', tags: vec![1] },
                Button { position: 3, separator: 'o', tags: vec![4, 1] },
            ]
        );
        assert_eq!(read.carriers(tony), [phone]);
        let pool = read.phone("0011223344FF").unwrap();
        assert_eq!(read.carriers(read.numbers("2001").next().unwrap()), [pool]);
        assert_eq!(pool.number(), Some("2"), "the number of a pool is a button");
        assert_eq!(read.numbers("2").count(), 0);
    }

    #[test]
    fn the_lowest_slot_that_nobody_uses_is_free() {
        let read = Configuration::read(RUNNING);
        assert_eq!(read.free_tag(Kind::EphoneDn, ""), Some(2), "it was begun and never filled");
        assert_eq!(read.free_tag(Kind::EphoneDn, "dual-line"), Some(3), "that one has one channel");
        assert_eq!(read.free_tag(Kind::Ephone, ""), Some(2));
        assert_eq!(read.free_tag(Kind::RegisterDn, ""), Some(2));
        assert_eq!(read.free_tag(Kind::RegisterPool, ""), Some(1));
        let full = Configuration::read("telephony-service\n max-dn 1\nephone-dn  1\n number 1\n");
        assert_eq!(full.free_tag(Kind::EphoneDn, ""), None);
        assert_eq!(Configuration::read("").free_tag(Kind::EphoneDn, ""), None);
    }
}
