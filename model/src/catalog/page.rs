use std::fmt::Write as _;

use super::{Field, Product, VersionRange, catalog};
use crate::{DeviceKind, OrderType, Profile};

/// The page of the documentation that lists every product, as Markdown.
pub fn products_page() -> String {
    let mut page = String::from(
        "# Products\n\nWhat can be ordered, from `model/catalog/products.toml`. A bundle is ordered as one row and made of \
         its parts; they are changed and cancelled one by one. A field that a Service Area or the run's defaults give need \
         not be filled in, unless it is required.\n",
    );
    for product in &catalog().products {
        describe(product, &mut page);
    }
    page
}

fn describe(product: &Product, page: &mut String) {
    // Writing to a string can't fail.
    let _ = writeln!(page, "\n## {}\n\n{}\n", product.name, product.help);
    let mut line = |label: &str, text: String| {
        if !text.is_empty() {
            let _ = writeln!(page, "- {label}: {text}");
        }
    };
    let gate = &product.gate;
    let needs = product.needs.iter().map(|need| match need.by {
        Some(field) => format!("{} (`{field}`)", need.any.join(" or ")),
        None => need.any.join(" or "),
    });
    line("Order types", words(product.orders.iter().map(|order| order.label().to_owned())));
    line("Made of", product.parts.join(", "));
    line("Made along with it", product.with.join(", "));
    line("Needs", words(needs));
    line("Edition of the rules", gate.profile.map(|profile| profile.label().to_owned()).unwrap_or_default());
    line("Call processor", families(&gate.call_processor));
    line("Versions of the call processor", words(gate.versions.iter().map(version)));
    line("Message processor", families(&gate.message_processor));
    line("Presence processor", families(&gate.presence_processor));
    let without = words(gate.without_presence_processor.iter().map(|profile| profile.label().to_owned()));
    line("Only without a presence processor, in the edition", without);
    line("Keys", fields(&product.keys));
    line("Required in an ADD", fields(&catalog().required(product, OrderType::Add)));
    let required = catalog().required(product, OrderType::Add);
    let rest: Vec<Field> =
        catalog().fields(product, OrderType::Add).into_iter().filter(|field| !required.contains(field)).collect();
    line("Optional in an ADD", if product.allows(OrderType::Add) { fields(&rest) } else { String::new() });
    line("Fields of a CHANGE", fields(&product.change));
    line(
        "Cancelled with it",
        words(product.cascade.iter().map(|cascade| {
            let but = families(&cascade.but_not_on);
            if but.is_empty() { cascade.product.clone() } else { format!("{} (not on {but})", cascade.product) }
        })),
    );
    let yes_or_no = |yes: bool| if yes { "yes" } else { "no" }.to_owned();
    line("A role has it by itself", yes_or_no(product.default_role));
    line("For subscribers without a user", yes_or_no(product.pseudo));
}

fn version(range: &VersionRange) -> String {
    match range.profile {
        Some(Profile::Older) => format!("{range} (older)"),
        Some(Profile::Newer) => format!("{range} (newer)"),
        None => range.to_string(),
    }
}

fn families(kinds: &[DeviceKind]) -> String {
    words(kinds.iter().map(|kind| kind.label().to_owned()))
}

fn fields(fields: &[Field]) -> String {
    words(fields.iter().map(|field| format!("`{field}`")))
}

fn words(words: impl Iterator<Item = String>) -> String {
    words.collect::<Vec<_>>().join(", ")
}
