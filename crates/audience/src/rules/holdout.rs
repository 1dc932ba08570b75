use basis::CustomerId;

/// A number from 0 to 1 drawn for a customer: a keyed hash, so the same salt and purpose give the same number at any time and
/// on any machine, neighbouring ids share nothing, and draws for different purposes are independent of each other.
pub fn draw(salt: &str, purpose: &[u8], customer: CustomerId) -> f64 {
    let mut hasher = blake3::Hasher::new();
    hasher.update(salt.as_bytes());
    hasher.update(&[0]);
    hasher.update(purpose);
    hasher.update(&customer.get().to_le_bytes());
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit a double exactly")]
    let unit = (u64::from_le_bytes(bytes) >> 11) as f64 / 9_007_199_254_740_992.0;
    unit
}

/// Whether a customer is held out: the customer's draw lies below the share. A greater share keeps the people of a smaller one.
pub fn held_out(salt: &str, customer: CustomerId, share: f64) -> bool {
    draw(salt, b"", customer) < share
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hold-outs drawn before must be drawn again: the number of a known customer never changes.
    #[test]
    fn the_draw_is_the_one_of_old() {
        assert!(
            (draw("spring", b"", CustomerId(7)) - DRAWN).abs() < 1e-15,
            "{}",
            draw("spring", b"", CustomerId(7))
        );
        assert!((draw("spring", b"x", CustomerId(7)) - DRAWN).abs() > 1e-6);
    }
    const DRAWN: f64 = 0.278_379_313_733_307_15;

    #[test]
    fn the_share_is_kept_and_a_greater_share_keeps_the_people_of_a_smaller() {
        let held = |share| {
            (0..20_000).map(CustomerId).filter(|id| held_out("spring", *id, share)).collect::<Vec<_>>()
        };
        let (tenth, fifth) = (held(0.1), held(0.2));
        // Four standard deviations of a binomial of 20,000 trials.
        assert!((1_830..=2_170).contains(&tenth.len()), "{}", tenth.len());
        assert!(tenth.iter().all(|id| fifth.contains(id)));
        assert!(held(0.0).is_empty());
        assert_eq!(held(1.0).len(), 20_000);
        let other = (0..20_000)
            .map(CustomerId)
            .filter(|id| held_out("autumn", *id, 0.1))
            .filter(|id| tenth.contains(id));
        assert!((130..=270).contains(&other.count()), "another salt is another draw");
    }
}
