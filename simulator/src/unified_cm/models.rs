//! The phone models that the device knows, and what it has from the start because of them.

use super::objects::{Fields, Object, Objects, Value, text};
use super::refusal::Refusal;
use super::schema::Class;

/// A phone model: its product name, the number that the database has for it, the protocols that it speaks, and the lines of its standard button template.
struct Model {
    product: &'static str,
    number: &'static str,
    template: &'static str,
    protocols: &'static [&'static str],
    lines: usize,
}

const BOTH: &[&str] = &["SCCP", "SIP"];
const SIP: &[&str] = &["SIP"];
const SCCP: &[&str] = &["SCCP"];

const MODELS: &[Model] = &[
    model("Cisco 6921", "495", "6921", BOTH, 2),
    model("Cisco 6941", "496", "6941", BOTH, 4),
    model("Cisco 6961", "497", "6961", BOTH, 12),
    model("Cisco 7811", "36213", "7811", SIP, 1),
    model("Cisco 7821", "621", "7821", SIP, 2),
    model("Cisco 7841", "622", "7841", SIP, 4),
    model("Cisco 7861", "623", "7861", SIP, 16),
    model("Cisco 7906", "369", "7906", BOTH, 1),
    model("Cisco 7911", "307", "7911", BOTH, 1),
    model("Cisco 7925", "484", "7925", SCCP, 6),
    model("Cisco 7940", "8", "7940", BOTH, 2),
    model("Cisco 7941", "115", "7941", BOTH, 2),
    model("Cisco 7942", "434", "7942", BOTH, 2),
    model("Cisco 7945", "435", "7945", BOTH, 2),
    model("Cisco 7960", "7", "7960", BOTH, 6),
    model("Cisco 7961", "30018", "7961", BOTH, 6),
    model("Cisco 7962", "404", "7962", BOTH, 6),
    model("Cisco 7965", "436", "7965", BOTH, 6),
    model("Cisco 7970", "30006", "7970", BOTH, 8),
    model("Cisco 7971", "119", "7971", BOTH, 8),
    model("Cisco 7975", "437", "7975", BOTH, 8),
    model("Cisco 8811", "36217", "8811", SIP, 5),
    model("Cisco 8821", "36216", "8821", SIP, 6),
    model("Cisco 8841", "683", "8841", SIP, 5),
    model("Cisco 8845", "36224", "8845", SIP, 5),
    model("Cisco 8851", "684", "8851", SIP, 5),
    model("Cisco 8861", "685", "8861", SIP, 5),
    model("Cisco 8865", "36225", "8865", SIP, 5),
    model("Cisco 8941", "586", "8941", BOTH, 4),
    model("Cisco 8945", "585", "8945", BOTH, 4),
    model("Cisco 8961", "540", "8961", SIP, 5),
    model("Cisco 9951", "537", "9951", SIP, 5),
    model("Cisco 9971", "493", "9971", SIP, 6),
    model("Cisco IP Communicator", "30016", "CIPC", BOTH, 8),
    model("Cisco Unified Client Services Framework", "503", "Client Services Framework", SIP, 8),
    model("Cisco Unified Personal Communicator", "358", "Personal Communicator", SIP, 1),
    model("Cisco Dual Mode for Android", "575", "Dual Mode for Android", SIP, 1),
    model("Cisco Dual Mode for iPhone", "562", "Dual Mode for iPhone", SIP, 1),
    model("Cisco Jabber for Tablet", "652", "Jabber for Tablet", SIP, 1),
    model("CTI Port", "72", "CTI Port", SCCP, 8),
    model("Analog Phone", "30027", ANALOG, SCCP, 1),
];

/// The button template of phones at the ports of a voice gateway, which is the same for every protocol.
const ANALOG: &str = "Analog";

const fn model(
    product: &'static str,
    number: &'static str,
    template: &'static str,
    protocols: &'static [&'static str],
    lines: usize,
) -> Model {
    Model { product, number, template, protocols, lines }
}

impl Model {
    fn security_profile(&self, protocol: &str) -> String {
        format!("{} - Standard {protocol} Non-Secure Profile", self.product)
    }

    /// Class and name of what a fresh device has for phones of this model.
    fn delivered(&self) -> impl Iterator<Item = (&'static str, String)> {
        self.protocols.iter().flat_map(|&protocol| {
            [
                ("phoneButtonTemplate", self.template_name(protocol)),
                ("phoneSecurityProfile", self.security_profile(protocol)),
            ]
        })
    }

    fn named(product: &str) -> Option<&'static Self> {
        MODELS.iter().find(|model| model.product == product)
    }

    fn template_name(&self, protocol: &str) -> String {
        if self.template == ANALOG {
            return format!("Standard {ANALOG}");
        }
        format!("Standard {} {protocol}", self.template)
    }
}

/// Devices that are no phones, with the numbers that the database has for them.
const OTHERS: [(&str, &str); 2] = [("73", "CTI Route Point"), ("131", "SIP Trunk")];

/// The numbers that the database has for models, with their names.
pub(super) fn numbers() -> impl Iterator<Item = (&'static str, &'static str)> {
    MODELS.iter().map(|model| (model.number, model.product)).chain(OTHERS)
}

/// The number of a model; empty where the database has none.
pub(super) fn number(product: &str) -> &'static str {
    numbers().find(|(_, name)| *name == product).map_or("", |(number, _)| number)
}

/// The security profiles that a fresh device has: name, product, protocol.
pub(super) fn security_profiles() -> impl Iterator<Item = (String, &'static str, &'static str)> {
    MODELS.iter().flat_map(|model| {
        model.protocols.iter().map(|&protocol| (model.security_profile(protocol), model.product, protocol))
    })
}

/// Class and name of what a fresh device has.
pub(super) fn built_in() -> Vec<(&'static str, String)> {
    let mut objects: Vec<(&'static str, String)> = [
        // What a site has of its own: the sample organization's lines are in this partition.
        ("routePartition", "Internal"),
        // The node of IM & Presence that a site has.
        ("processNode", "imp-1"),
        ("devicePool", "Default"),
        ("location", "Hub_None"),
        ("location", "Phantom"),
        ("commonPhoneConfig", "Standard Common Phone Profile"),
        ("presenceGroup", "Standard Presence group"),
        ("softKeyTemplate", "Standard User"),
        ("softKeyTemplate", "Standard Feature"),
        ("sipProfile", "Standard SIP Profile"),
        ("voiceMailProfile", "Default"),
        ("voiceMailProfile", "NoVoiceMail"),
    ]
    .map(|(class, name)| (class, name.to_owned()))
    .into();
    let is_analog = |model: &&Model| model.template == ANALOG;
    objects.extend(MODELS.iter().filter(|model| !is_analog(model)).flat_map(Model::delivered));
    // The ids of what is built in follow from its place here, and what is kept names them: new ones come last.
    let of_pools = [
        ("dateTimeGroup", "CMLocal"),
        ("callManagerGroup", "Default"),
        ("region", "Default"),
        ("srst", "Disable"),
        ("srst", "Use Default Gateway"),
    ];
    objects.extend(of_pools.map(|(class, name)| (class, name.to_owned())));
    // These two models have their templates under longer names too.
    for template in ["7942G", "7962G"] {
        objects.extend(BOTH.iter().map(|protocol| ("phoneButtonTemplate", format!("Standard {template} {protocol}"))));
    }
    objects.extend(USER_GROUPS.map(|name| ("userGroup", name.to_owned())));
    // And these under names without a protocol, of which they speak only one.
    objects.extend(WITHOUT_PROTOCOL.map(|name| ("phoneButtonTemplate", name.to_owned())));
    objects.extend(PHONE_SERVICES.map(|name| ("ipPhoneServices", name.to_owned())));
    objects.extend(MODELS.iter().filter(is_analog).flat_map(Model::delivered));
    objects
}

const WITHOUT_PROTOCOL: [&str; 4] = [
    "Standard Client Services Framework",
    "Standard Dual Mode for Android",
    "Standard Dual Mode for iPhone",
    "Standard Jabber for Tablet",
];

/// The maker's own, and the one that a site has for people who log in to phones.
const PHONE_SERVICES: [&str; 8] = [
    "Corporate Directory",
    "Intercom Calls",
    "Missed Calls",
    "Personal Directory",
    "Placed Calls",
    "Received Calls",
    "Voicemail",
    "Extension Mobility",
];

const USER_GROUPS: [&str; 10] = [
    "Application Client Users",
    "Standard CCM End Users",
    "Standard CCM Super Users",
    "Standard CCM Read Only",
    "Standard CTI Enabled",
    "Standard CTI Allow Control of All Devices",
    "Standard CTI Allow Control of Phones supporting Connected Xfer and conf",
    "Standard CTI Allow Control of Phones supporting Rollover Mode",
    "Standard EM Authentication Proxy Rights",
    "Third Party Application Users",
];

/// What the built-in device pool is made of.
pub(super) const DEFAULT_POOL: [(&str, &str); 4] = [
    ("dateTimeSettingName", "dateTimeGroup/CMLocal"),
    ("callManagerGroupName", "callManagerGroup/Default"),
    ("regionName", "region/Default"),
    ("srstName", "srst/Disable"),
];

/// How many lines a button template has; `None` where it doesn't say.
pub(super) fn buttons(template: &Object, objects: &Objects) -> Option<usize> {
    let of = |name: &str| template.fields.get(name).map(text).unwrap_or_default();
    let own = of("buttons").matches("<feature>Line</feature>").count();
    if own > 0 {
        return Some(own);
    }
    // A template that says nothing of its buttons has those of the one that it was made from.
    let name = Some(objects.name_of(of("basePhoneTemplateName"))).filter(|base| !base.is_empty());
    let name = name.unwrap_or_else(|| of("name")).replacen("G ", " ", 1);
    let is_of = |model: &Model| model.protocols.iter().any(|protocol| model.template_name(protocol) == name);
    MODELS.iter().find(|model| is_of(model)).map(|model| model.lines)
}

/// The name that an endpoint of a gateway has is told within it.
pub(super) fn name_endpoint(class: &Class, fields: &mut Fields) {
    if class.name == "gatewayEndpointAnalogAccess"
        && let Some(Value::Group(endpoint)) = fields.get("endpoint")
        && let Some(name) = endpoint.get("name").cloned()
    {
        fields.insert("name".to_owned(), name);
    }
}

/// Gives a new phone or profile the usual button template where it names none.
pub(super) fn complete(class: &Class, fields: &mut Fields, objects: &Objects) {
    name_endpoint(class, fields);
    let of = |name: &str| fields.get(name).map(text).unwrap_or_default().to_owned();
    if !matches!(class.name, "phone" | "deviceProfile") || fields.contains_key("phoneTemplateName") {
        return;
    }
    let template = Model::named(&of("product")).map(|model| model.template_name(&of("protocol")));
    let templates = Class::named("phoneButtonTemplate");
    if let (Some(template), Some(templates)) = (template, templates)
        && let Ok((_, template)) = objects.get(templates, &template)
    {
        fields.insert("phoneTemplateName".to_owned(), Value::Text(template.uuid.clone()));
    }
}

/// The rules about models, names and numbers.
pub(super) fn check(class: &Class, fields: &Fields) -> Result<(), Refusal> {
    let of = |name: &str| fields.get(name).map(text).unwrap_or_default();
    // The schema lets the pool be unset, and the database doesn't.
    let needs_a_pool = class.fields.iter().any(|field| field.name == "devicePoolName" && field.required);
    if needs_a_pool && of("devicePoolName").is_empty() {
        return Err(Refusal::null("device", "fkdevicepool"));
    }
    match class.name {
        "phone" | "deviceProfile" => {
            let Some(model) = Model::named(of("product")) else {
                return Err(Refusal::invalid("product", "there is no such model"));
            };
            if !model.protocols.contains(&of("protocol")) {
                return Err(Refusal::invalid("protocol", "the model does not speak it"));
            }
            let name = of("name");
            let allowed = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '_' | '-' | '.' | ' ');
            if name.is_empty() || !name.chars().all(allowed) || (class.name == "phone" && name.len() > 15) {
                return Err(Refusal::invalid("name", "it has letters, digits, dots, dashes and underscores"));
            }
            let mac = name.strip_prefix("SEP").filter(|_| class.name == "phone");
            let hexadecimal = |digit: u8| digit.is_ascii_digit() || (b'A'..=b'F').contains(&digit);
            if mac.is_some_and(|mac| mac.len() != 12 || !mac.bytes().all(hexadecimal)) {
                return Err(Refusal::invalid("name", "SEP is followed by 12 hexadecimal digits"));
            }
            Ok(())
        }
        "line" => {
            let pattern = of("pattern");
            let allowed = |letter: char| letter.is_ascii_digit() || "\\+*#X[]-^".contains(letter);
            if pattern.is_empty() || !pattern.chars().all(allowed) {
                return Err(Refusal::invalid("pattern", "it has digits and wildcards"));
            }
            Ok(())
        }
        "routePattern" => match fields.get("destination") {
            Some(Value::Group(destination)) if destination.len() == 1 => Ok(()),
            _ => Err(Refusal::incomplete("destination", "gatewayName, routeListName")),
        },
        _ => Ok(()),
    }
}
