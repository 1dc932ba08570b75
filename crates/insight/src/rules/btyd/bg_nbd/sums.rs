//! Sums over histories, some at a time.

use crate::rules::numeric::optimum::Jet;
use crate::rules::numeric::wide;

/// Histories side by side.
pub(super) const WIDTH: usize = 64;
/// Sums kept side by side: additions do not wait for one another.
const LANES: usize = 4;

/// Histories side by side.
pub(super) struct Block {
    pub(super) weight: [f64; WIDTH],
    pub(super) shape: [f64; WIDTH],
    pub(super) log_odds: [f64; WIDTH],
    pub(super) inverse_b: [f64; WIDTH],
    pub(super) log_end: [f64; WIDTH],
    pub(super) inverse_end: [f64; WIDTH],
    pub(super) log_last: [f64; WIDTH],
    pub(super) inverse_last: [f64; WIDTH],
}

impl Block {
    pub(super) fn new() -> Self {
        // Places without a history have no weight, and are computed all the same.
        let ones = [1.0; WIDTH];
        Self {
            weight: ones,
            shape: ones,
            log_odds: ones,
            inverse_b: ones,
            log_end: ones,
            inverse_end: ones,
            log_last: ones,
            inverse_last: ones,
        }
    }

    #[inline]
    pub(super) fn set(&mut self, i: usize, [shape, log_odds, inverse_b]: [f64; 3], weight: f64) {
        (self.shape[i], self.log_odds[i], self.inverse_b[i]) = (shape, log_odds, inverse_b);
        self.weight[i] = weight;
    }
}

/// Sums over histories: w is the weight, s the probability of having left, p = w·s, q = p·(1 − s), g the gap of the
/// logarithms, d = (r+x)·(1/(α+T) − 1/(α+t_x)), c = 1/(b+m−1).
#[derive(Default)]
pub(super) struct Sums {
    value: [f64; LANES],
    p: [f64; LANES],
    p_g: [f64; LANES],
    p_d: [f64; LANES],
    p_c: [f64; LANES],
    p_tilt: [f64; LANES],
    /// Of p and the second derivative by α.
    p_bend: [f64; LANES],
    p_c_c: [f64; LANES],
    q: [f64; LANES],
    q_g: [f64; LANES],
    q_d: [f64; LANES],
    q_c: [f64; LANES],
    q_g_g: [f64; LANES],
    q_g_d: [f64; LANES],
    q_g_c: [f64; LANES],
    q_d_d: [f64; LANES],
    q_d_c: [f64; LANES],
    q_c_c: [f64; LANES],
}

impl Sums {
    /// In short loops: more of their turns are in the processor at a time than of one long one.
    pub(super) fn add(&mut self, block: &Block) {
        let (mut u, mut e, mut log) = ([0.0; WIDTH], [0.0; WIDTH], [0.0; WIDTH]);
        for (i, u) in u.iter_mut().enumerate() {
            *u = block.log_odds[i] + block.shape[i] * (block.log_end[i] - block.log_last[i]);
        }
        for (e, u) in e.iter_mut().zip(&u) {
            *e = wide::exp_minus(u.abs());
        }
        for (log, e) in log.iter_mut().zip(&e) {
            *log = wide::ln(1.0 + e);
        }
        for from in (0..WIDTH).step_by(LANES) {
            for lane in 0..LANES {
                let i = from + lane;
                let gap = block.log_end[i] - block.log_last[i];
                let above = 1.0 / (1.0 + e[i]);
                let (s, high) = if u[i] >= 0.0 { (above, u[i]) } else { (e[i] * above, 0.0) };
                let w = block.weight[i];
                let p = w * s;
                let q = p * (1.0 - s);
                let tilt = block.inverse_end[i] - block.inverse_last[i];
                let d = block.shape[i] * tilt;
                let c = block.inverse_b[i];
                self.value[lane] += w * (high + log[i]);
                self.p[lane] += p;
                self.p_g[lane] += p * gap;
                self.p_d[lane] += p * d;
                self.p_c[lane] += p * c;
                self.p_tilt[lane] += p * tilt;
                self.p_bend[lane] -= p * d * (block.inverse_end[i] + block.inverse_last[i]);
                self.p_c_c[lane] += p * c * c;
                let (q_g, q_d, q_c) = (q * gap, q * d, q * c);
                self.q[lane] += q;
                self.q_g[lane] += q_g;
                self.q_d[lane] += q_d;
                self.q_c[lane] += q_c;
                self.q_g_g[lane] += q_g * gap;
                self.q_g_d[lane] += q_g * d;
                self.q_g_c[lane] += q_g * c;
                self.q_d_d[lane] += q_d * d;
                self.q_d_c[lane] += q_d * c;
                self.q_c_c[lane] += q_c * c;
            }
        }
    }

    /// The upper triangle of the Hessian and all else.
    pub(super) fn jet(&self, theta: &[f64; 4]) -> Jet<4> {
        let sum = |lanes: &[f64; LANES]| lanes.iter().sum::<f64>();
        let inverse_a = 1.0 / theta[2];
        let mut jet = Jet { value: sum(&self.value), ..Jet::ZERO };
        let p = sum(&self.p);
        jet.gradient = [sum(&self.p_g), sum(&self.p_d), inverse_a * p, -sum(&self.p_c)];
        let h = &mut jet.hessian;
        h[0] = [
            sum(&self.q_g_g),
            sum(&self.q_g_d) + sum(&self.p_tilt),
            inverse_a * sum(&self.q_g),
            -sum(&self.q_g_c),
        ];
        h[1][1] = sum(&self.q_d_d) + sum(&self.p_bend);
        (h[1][2], h[1][3]) = (inverse_a * sum(&self.q_d), -sum(&self.q_d_c));
        h[2][2] = inverse_a * inverse_a * (sum(&self.q) - p);
        h[2][3] = -inverse_a * sum(&self.q_c);
        h[3][3] = sum(&self.q_c_c) + sum(&self.p_c_c);
        jet
    }
}
