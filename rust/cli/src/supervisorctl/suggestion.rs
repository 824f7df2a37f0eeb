//! "Did you mean": the known word that is nearest to an unknown one.

use strsim::osa_distance;

/// The nearest of the known words: it differs by a third of the letters at most, rounded up. Swapped
/// neighbours count as one.
pub(super) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let most = word.chars().count().div_ceil(3);
    let distances = known.into_iter().map(|candidate| (osa_distance(word, candidate), candidate));
    distances.filter(|(distance, _)| (1..=most).contains(distance)).min().map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn a_slip_of_the_finger_is_recognised() {
        let known = ["start", "status", "stop", "version"];
        assert_eq!(nearest("stauts", known), Some("status"));
        assert_eq!(nearest("strat", known), Some("start"));
        assert_eq!(nearest("stp", known), Some("stop"));
        assert_eq!(nearest("verison", known), Some("version"));
    }

    #[test]
    fn what_is_like_nothing_is_left_alone() {
        assert_eq!(nearest("nonsense", ["start", "stop"]), None);
        assert_eq!(nearest("x", ["start"]), None);
        assert_eq!(nearest("", ["start"]), None);
    }
}
