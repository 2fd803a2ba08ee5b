mod attribute;
mod field;
mod gate;
mod page;
mod phone;
mod product;

use std::collections::HashMap;
use std::sync::LazyLock;

pub use attribute::{AttributeNames, AttributeOf};
pub use field::Field;
pub use gate::{Closed, Gate, Setting, VersionRange};
pub use page::products_page;
pub use phone::{BadDeviceName, DeviceNaming, PhoneType};
pub use product::{Cascade, Need, Product, Shape};
use serde::Deserialize;

use crate::OrderType;

/// Everything that can be ordered, and what is known of phones.
#[derive(Debug)]
pub struct Catalog {
    /// The products, in the order of the documentation.
    pub products: Vec<Product>,
    /// The phone types of which something is known.
    pub phones: Vec<PhoneType>,
    /// The provisioning attributes.
    pub attributes: AttributeNames,
    by_name: HashMap<String, usize>,
}

/// The catalogue that this version carries.
pub fn catalog() -> &'static Catalog {
    static CATALOG: LazyLock<Catalog> = LazyLock::new(Catalog::load);
    &CATALOG
}

impl Catalog {
    /// The product with this name, spelt without regard to case, spaces, `_` and `-`.
    pub fn product(&self, name: &str) -> Option<&Product> {
        let exact = self.by_name.get(name).or_else(|| self.by_name.get(&folded(name)));
        exact.map(|index| &self.products[*index])
    }

    /// What the product is made of, in the order of making: its parts, or itself with what comes along.
    pub fn parts<'a>(&'a self, product: &'a Product) -> Vec<&'a Product> {
        let mut parts: Vec<&Product> = Vec::new();
        let own = (!product.is_bundle()).then_some(product).into_iter();
        let made = own.chain(product.parts.iter().chain(&product.with).filter_map(|name| self.product(name)));
        for part in made {
            let with = part.with.iter().filter_map(|name| self.product(name));
            for one in [part].into_iter().chain(with) {
                if !parts.iter().any(|known| known.name == one.name) {
                    parts.push(one);
                }
            }
        }
        parts
    }

    /// The fields that a row of the product must have for the order type: for an ADD what its parts require, for the
    /// others the keys that find it. What a bundle's part needs is another part, so nothing names it.
    pub fn required(&self, product: &Product, order_type: OrderType) -> Vec<Field> {
        match order_type {
            OrderType::Add => self.parts(product).iter().flat_map(|part| part.required.iter().copied()).collect(),
            _ => product.keys.iter().copied().filter(|key| *key != Field::RoutePartition).collect(),
        }
    }

    /// Every field that a row of the product may have for the order type, beside [`Field::COMMON`].
    pub fn fields(&self, product: &Product, order_type: OrderType) -> Vec<Field> {
        let own = |fields: &[Field]| product.keys.iter().chain(fields).copied().collect();
        match order_type {
            OrderType::Add => {
                let parts = self.parts(product);
                let said = parts.iter().flat_map(|part| part.required.iter().chain(&part.optional));
                let outer = |need: &&Need| !need.any.iter().any(|name| parts.iter().any(|part| part.name == *name));
                let needs = parts.iter().flat_map(|part| &part.needs).filter(outer).filter_map(|need| need.by.as_ref());
                said.chain(needs).copied().collect()
            }
            OrderType::Change => own(&product.change),
            OrderType::Cancel => own(&[]),
            OrderType::Replace => own(&product.replace),
            OrderType::ChangeOwner => own(&product.change_owner),
            OrderType::Unlock => own(&product.unlock),
        }
    }

    /// What is known of a phone type; `None`: nothing.
    pub fn phone(&self, name: &str) -> Option<&PhoneType> {
        self.phones.iter().find(|phone| phone.name == name)
    }

    #[expect(clippy::expect_used, reason = "the data files are part of the binary, and a test reads them")]
    fn load() -> Self {
        #[derive(Deserialize)]
        struct Products {
            product: Vec<Product>,
        }
        #[derive(Deserialize)]
        struct Phones {
            phone: Vec<PhoneType>,
        }
        let products: Products =
            toml::from_str(include_str!("../../catalog/products.toml")).expect("a catalogue of products that reads");
        let phones: Phones =
            toml::from_str(include_str!("../../catalog/phones.toml")).expect("a catalogue of phones that reads");
        let named = products.product.iter().enumerate();
        let by_name =
            named.flat_map(|(index, product)| [(product.name.clone(), index), (folded(&product.name), index)]);
        let by_name = by_name.collect();
        let attributes = AttributeNames::load();
        Self { by_name, products: products.product, phones: phones.phone, attributes }
    }
}

fn folded(name: &str) -> String {
    name.chars().filter(|char| !matches!(char, ' ' | '_' | '-')).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::{DeviceKind, Profile};

    #[test]
    fn whatever_a_product_names_is_there() {
        let catalog = catalog();
        for product in &catalog.products {
            let needs = product.needs.iter().flat_map(|need| &need.any);
            let named = product.parts.iter().chain(&product.with).chain(needs);
            let cascade = product.cascade.iter().map(|cascade| &cascade.product);
            for name in named.chain(cascade) {
                assert!(catalog.product(name).is_some_and(|found| found.name == *name), "{}: {name}", product.name);
            }
            assert_eq!(product.is_bundle(), !product.parts.is_empty(), "{}", product.name);
            assert!(!product.is_bundle() || product.orders == [OrderType::Add], "{} is a bundle", product.name);
            let mut fields: Vec<Field> = product.required.iter().chain(&product.optional).copied().collect();
            fields.sort_unstable();
            fields.dedup();
            assert_eq!(fields.len(), product.required.len() + product.optional.len(), "{}", product.name);
        }
        let names: BTreeSet<String> = catalog.products.iter().map(|product| folded(&product.name)).collect();
        assert_eq!(names.len(), catalog.products.len());
    }

    #[test]
    fn a_bundles_parts_meet_each_others_needs_in_their_order() {
        let catalog = catalog();
        for bundle in catalog.products.iter().filter(|product| product.is_bundle()) {
            let parts = catalog.parts(bundle);
            for (index, part) in parts.iter().enumerate() {
                for need in &part.needs {
                    let inside = |name: &String| parts.iter().any(|part| part.name == *name);
                    let before = |name: &String| parts[..index].iter().any(|part| part.name == *name);
                    assert!(
                        need.any.iter().any(before) || !need.any.iter().any(inside),
                        "{}: {}",
                        bundle.name,
                        part.name
                    );
                }
            }
            let pseudo = parts.iter().all(|part| part.pseudo);
            assert_eq!(bundle.pseudo, pseudo, "{}: a subscriber without a user owns all parts or none", bundle.name);
            assert_eq!(bundle.default_role, parts.iter().all(|part| part.default_role), "{}", bundle.name);
        }
    }

    #[test]
    fn a_cancelled_product_takes_with_it_what_depends_on_it() {
        let check = |product: &str, on: DeviceKind, expected: &[&str]| {
            let product = catalog().product(product).unwrap();
            let gone = product.cascade.iter().filter(|cascade| !cascade.but_not_on.contains(&on));
            assert_eq!(gone.map(|cascade| cascade.product.as_str()).collect::<Vec<_>>(), expected);
        };
        check("Voicemail", DeviceKind::UnityConnection, &["Email", "Unified Messaging"]);
        check("Email", DeviceKind::UnityConnection, &["Unified Messaging"]);
        check("Email", DeviceKind::Unity, &["Voicemail", "Unified Messaging"]);
        check("Phone", DeviceKind::UnityConnection, &["Line", "Email", "Voicemail", "Unified Messaging"]);
        check("Enable Presence", DeviceKind::UnityConnection, &["Enable Presence Client", "Client User Settings"]);
        check("Unified Messaging", DeviceKind::UnityConnection, &[]);
    }

    #[test]
    fn message_processors_take_the_products_that_they_support() {
        use DeviceKind::{Unity, UnityConnection, UnityExpress};
        let check = |product: &str, takes: [bool; 3]| {
            let gate = &catalog().product(product).unwrap().gate;
            let found = [Unity, UnityConnection, UnityExpress].map(|kind| gate.message_processor.contains(&kind));
            assert_eq!(found, takes, "{product}");
        };
        check("Voicemail and Email", [true, true, false]);
        check("Voicemail", [false, true, true]);
        check("Email", [false, true, false]);
        check("Enhanced Phone Service", [false, true, true]);
        check("Unified Messaging", [true, true, false]);
        check("Unified Messaging Service", [true, true, false]);
        check("Messaging Service", [true, true, false]);
    }

    #[test]
    fn gates_open_by_profile_version_and_devices() {
        use Profile::{Newer, Older};
        let check = |product: &str, profile: Profile, version: &str, presence: bool, open: bool| {
            let setting = Setting {
                profile,
                call_processor: Some((DeviceKind::UnifiedCm, Some(version))),
                message_processor: Some(DeviceKind::UnityConnection),
                presence_processor: presence.then_some(DeviceKind::ImPresence),
                extension_mobility: true,
                external_mail: true,
                phone_system: false,
            };
            let found = catalog().product(product).unwrap().gate.admit(&setting);
            assert_eq!(found.is_ok(), open, "{product} {profile} {version} {presence}: {found:?}");
        };
        check("Enable Mobility Support", Newer, "6.0", false, true);
        check("Enable Mobility Support", Newer, "5.1", false, false);
        check("Enable Mobility Support", Newer, "12.5", false, true);
        check("Enable Presence", Older, "6.0", false, true);
        check("Enable Presence", Older, "10.5", false, true);
        check("Enable Presence", Newer, "6.0", false, false);
        check("Enable Presence", Newer, "8.6", false, true);
        check("Enable Presence", Newer, "9.0", false, false);
        check("Enable Presence Client", Older, "8.6", true, false);
        check("Enable Presence Client", Newer, "8.6", true, true);
        check("Enable Client Service", Older, "8.6", true, true);
        check("Enable Client Service", Older, "8.6", false, false);
        check("Enable Client Service", Newer, "8.6", true, false);
        check("User Services", Newer, "9.0", true, true);
        check("User Services", Newer, "8.6", true, false);
        check("User Services", Newer, "9.0", false, false);
        check("User Services", Older, "9.0", true, false);
        check("Extension Mobility Access", Newer, "4.0", false, false);
        check("Extension Mobility Access", Newer, "4.1", false, true);
        check("Phone System Extension", Newer, "9.0", false, false);
    }

    #[test]
    fn the_fields_of_a_bundle_are_those_of_its_parts() {
        let check = |product: &str, order_type: OrderType, has: &[Field], lacks: &[Field]| {
            let product = catalog().product(product).unwrap();
            let fields = catalog().fields(product, order_type);
            assert!(has.iter().all(|field| fields.contains(field)), "{}: {fields:?}", product.name);
            assert!(!lacks.iter().any(|field| fields.contains(field)), "{}: {fields:?}", product.name);
        };
        use Field::{LineType, PhoneType, SelectedLine, SelectedPhone, VoicemailAlias};
        check(
            "Enhanced Phone Service",
            OrderType::Add,
            &[PhoneType, LineType, VoicemailAlias],
            &[SelectedPhone, SelectedLine],
        );
        check("Voicemail", OrderType::Add, &[SelectedLine, VoicemailAlias], &[PhoneType]);
        check("Line", OrderType::Cancel, &[SelectedPhone], &[LineType]);
        assert!(catalog().product("enhanced_phone-service").is_some());
    }

    #[test]
    fn an_attribute_has_one_name_on_its_device() {
        let check = |of: AttributeOf, name: &str, element: Option<&str>| {
            assert_eq!(catalog().attributes.element(of, name), element, "{of:?} {name}");
        };
        check(AttributeOf::Phone, "Calling Search Space", Some("callingSearchSpaceName"));
        check(AttributeOf::Phone, "calling-search-space", Some("callingSearchSpaceName"));
        check(AttributeOf::Phone, "callingSearchSpaceName", Some("callingSearchSpaceName"));
        check(AttributeOf::DirectoryNumber, "Calling Search Space", Some("shareLineAppearanceCssName"));
        check(AttributeOf::Line, "Calling Search Space", None);
    }

    #[test]
    fn every_field_is_found_by_its_label() {
        for field in Field::ALL {
            assert_eq!(Field::of_label(field.label()), Some(*field));
        }
    }
}
