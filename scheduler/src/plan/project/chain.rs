use std::collections::{BTreeSet, HashMap};

/// Whom each order waits for, by its place: the order before of the same subscriber (invariant I7). Subscribers whose
/// orders need each other's products are one chain, so that a need never has to wait beside it. `orders` are subscriber
/// and needs.
pub(super) fn links<'a>(orders: impl Iterator<Item = (&'a str, &'a BTreeSet<usize>)>) -> Vec<Option<usize>> {
    let orders: Vec<(&str, &BTreeSet<usize>)> = orders.collect();
    let mut subscribers: HashMap<&str, usize> = HashMap::new();
    let mut chain: Vec<usize> = Vec::new();
    let of: Vec<usize> = orders
        .iter()
        .map(|(subscriber, _)| {
            let next = subscribers.len();
            let index = *subscribers.entry(subscriber).or_insert(next);
            if index == chain.len() {
                chain.push(index);
            }
            index
        })
        .collect();
    for (order, (_, needs)) in orders.iter().enumerate() {
        for need in *needs {
            let (one, other) = (root(&mut chain, of[order]), root(&mut chain, of[*need]));
            chain[one.max(other)] = one.min(other);
        }
    }
    let mut last: HashMap<usize, usize> = HashMap::new();
    orders.iter().enumerate().map(|(order, _)| last.insert(root(&mut chain, of[order]), order)).collect()
}

/// The first subscriber of the chain that a subscriber is in.
fn root(chain: &mut [usize], mut index: usize) -> usize {
    while chain[index] != index {
        chain[index] = chain[chain[index]];
        index = chain[index];
    }
    index
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(orders: &[(&str, &[usize])], expected: &[Option<usize>]) {
        let needs: Vec<BTreeSet<usize>> = orders.iter().map(|(_, needs)| needs.iter().copied().collect()).collect();
        let found = links(orders.iter().zip(&needs).map(|((subscriber, _), needs)| (*subscriber, needs)));
        assert_eq!(found, expected);
    }

    #[test]
    fn one_subscribers_orders_are_a_chain_and_others_run_beside_it() {
        check(
            &[("tony", &[]), ("jane", &[]), ("tony", &[0]), ("jane", &[]), ("tony", &[0])],
            &[None, None, Some(0), Some(1), Some(2)],
        );
    }

    #[test]
    fn a_need_joins_two_chains() {
        check(&[("tony", &[]), ("jane", &[0]), ("tony", &[])], &[None, Some(0), Some(1)]);
        check(
            &[("a", &[]), ("b", &[]), ("c", &[1]), ("d", &[0, 2]), ("e", &[])],
            &[None, Some(0), Some(1), Some(2), None],
        );
    }
}
