use super::classes::CLASSES;

/// A version of the schema: major, minor.
pub(super) type Version = (u8, u8);

/// A class of objects that the device keeps.
#[derive(Debug)]
pub(super) struct Class {
    /// The name of the element that holds such an object.
    pub(super) name: &'static str,
    /// What people call it, in the device's messages.
    pub(super) title: &'static str,
    /// The fields that make it unique.
    pub(super) key: &'static [&'static str],
    /// Other fields that make it unique, by which it may be asked for too.
    pub(super) other_key: &'static [&'static str],
    /// Whether keys that differ in their letters' case alone are the same.
    pub(super) ignores_case: bool,
    pub(super) fields: &'static [Field],
    /// What lists are asked by.
    pub(super) criteria: &'static [&'static str],
    /// The operations that make devices take over what was changed.
    pub(super) activations: &'static [&'static str],
    /// What else may be done with its objects.
    pub(super) verbs: &'static [&'static str],
    /// The first version that has it.
    pub(super) since: Version,
}

/// A field of an object. A list of them is in the order in which the device wants them.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) required: bool,
    pub(super) rule: Rule,
    pub(super) use_of: Use,
    /// What a new object has when nobody says otherwise.
    pub(super) usual: Option<&'static str>,
    /// Whether a request may unset it with `xsi:nil`.
    pub(super) nillable: bool,
    /// The versions that have it: from, and before.
    pub(super) versions: (Option<Version>, Option<Version>),
}

/// Where a field appears.
#[derive(Clone, Copy, Debug)]
pub(super) struct Use {
    /// In additions.
    pub(super) given: bool,
    /// Its name in changes; `None`: it can't be changed.
    pub(super) changed_as: Option<&'static str>,
    /// In what is told of an object.
    pub(super) told: bool,
    /// In lists too.
    pub(super) listed: bool,
    /// Also when it is empty.
    pub(super) empty: bool,
}

/// What a field may hold.
#[derive(Debug)]
pub(super) enum Rule {
    /// At most so many characters.
    Text(usize),
    /// Never shown again.
    Secret,
    /// One of these.
    Word(&'static [&'static str]),
    /// `true` or `false`.
    Flag,
    /// From, to.
    Number(i64, i64),
    /// The key of an object of this class, which can't be removed meanwhile.
    Needs(&'static str),
    /// The same, but when the object is removed the field goes with it.
    Names(&'static str),
    /// The key of an object of one of these classes, as with [`Rule::Needs`].
    NeedsOne(&'static [&'static str]),
    /// The same, as with [`Rule::Names`].
    NamesOne(&'static [&'static str]),
    /// A directory number by pattern and partition; it goes with the number.
    Dirn,
    /// Fields in it.
    Group(&'static [Field]),
    /// Kept as it came, as XML, because it means nothing here.
    Any,
    /// The same, any number of times.
    Several,
    /// Any number of members with this name and rule.
    List(&'static str, &'static Rule),
}

pub(super) const fn need(name: &'static str, rule: Rule) -> Field {
    Field { required: true, ..may(name, rule) }
}

pub(super) const fn may(name: &'static str, rule: Rule) -> Field {
    let use_of = Use { given: true, changed_as: Some(name), told: true, listed: true, empty: true };
    Field { name, required: false, rule, use_of, usual: None, nillable: false, versions: (None, None) }
}

/// An element that the device keeps and shows, and that means nothing to anything else.
pub(super) const fn keep(name: &'static str) -> Field {
    may(name, Rule::Any).unlisted()
}

/// The same, any number of times.
pub(super) const fn keep_all(name: &'static str) -> Field {
    may(name, Rule::Several).unlisted()
}

/// An element that a client may ask for and never give.
pub(super) const fn tell(name: &'static str) -> Field {
    may(name, Rule::Any).told_only()
}

impl Field {
    /// Called otherwise in changes.
    pub(super) const fn changed_as(mut self, name: &'static str) -> Self {
        self.use_of.changed_as = Some(name);
        self
    }

    /// Said when the object is added and never again.
    pub(super) const fn fixed(mut self) -> Self {
        self.use_of.changed_as = None;
        self
    }

    /// Told by the device, and given by no client.
    pub(super) const fn told_only(self) -> Self {
        let mut field = self.fixed();
        field.use_of.given = false;
        field
    }

    /// Told of a single object, and not in lists.
    pub(super) const fn unlisted(mut self) -> Self {
        self.use_of.listed = false;
        self
    }

    /// Told only when it has a value, as what stands in a choice.
    pub(super) const fn if_set(mut self) -> Self {
        self.use_of.empty = false;
        self
    }

    /// What a new object has when nobody says otherwise; a flag is off without it.
    pub(super) const fn usually(mut self, value: &'static str) -> Self {
        self.usual = Some(value);
        self
    }

    /// Told to nobody.
    pub(super) const fn untold(mut self) -> Self {
        self.use_of.told = false;
        self
    }

    /// In no message at all, only in the device's state.
    pub(super) const fn hidden(self) -> Self {
        self.told_only().untold()
    }

    /// Mandatory in an addition.
    pub(super) const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Unset by `xsi:nil`.
    pub(super) const fn nil(mut self) -> Self {
        self.nillable = true;
        self
    }

    pub(super) const fn from(mut self, major: u8, minor: u8) -> Self {
        self.versions.0 = Some((major, minor));
        self
    }

    pub(super) const fn before(mut self, major: u8, minor: u8) -> Self {
        self.versions.1 = Some((major, minor));
        self
    }

    pub(super) fn is_in(&self, version: Version) -> bool {
        self.versions.0.is_none_or(|from| from <= version) && self.versions.1.is_none_or(|before| version < before)
    }
}

/// Found by its name, and listed by name and description, as most are.
pub(super) const fn class(name: &'static str, title: &'static str, fields: &'static [Field]) -> Class {
    Class {
        name,
        title,
        key: &["name"],
        other_key: &[],
        ignores_case: false,
        fields,
        criteria: &["name", "description"],
        activations: &[],
        verbs: &["add", "update", "remove", "get", "list"],
        since: (9, 0),
    }
}

impl Class {
    pub(super) const fn keyed(mut self, key: &'static [&'static str]) -> Self {
        self.key = key;
        self
    }

    pub(super) const fn or_keyed(mut self, key: &'static [&'static str]) -> Self {
        self.other_key = key;
        self
    }

    pub(super) const fn in_any_case(mut self) -> Self {
        self.ignores_case = true;
        self
    }

    pub(super) const fn by(mut self, criteria: &'static [&'static str]) -> Self {
        self.criteria = criteria;
        self
    }

    /// Of which clients can't do everything.
    pub(super) const fn only(mut self, verbs: &'static [&'static str]) -> Self {
        self.verbs = verbs;
        self
    }

    pub(super) const fn from(mut self, major: u8, minor: u8) -> Self {
        self.since = (major, minor);
        self
    }

    pub(super) const fn taken_over_by(mut self, activations: &'static [&'static str]) -> Self {
        self.activations = activations;
        self
    }
}

impl Class {
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        CLASSES.iter().find(|class| class.name == name)
    }

    /// The class of an operation such as `addPhone`, with the verb.
    pub(super) fn of_operation(operation: &str) -> Option<(&str, &'static Self)> {
        let split = operation.find(|letter: char| letter.is_ascii_uppercase())?;
        let (verb, title) = operation.split_at(split);
        let class = CLASSES.iter().find(|class| class.title == title)?;
        Some((verb, class))
    }
}
