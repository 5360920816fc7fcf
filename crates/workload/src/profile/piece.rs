//! Stretches of time over which a rate is simple.

/// What is known about a rate from some time until `until`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Piece {
    /// End in nanoseconds, exclusive, after the start.
    pub(crate) until: u64,
    pub(crate) form: Form,
}

/// Rates in events per second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Form {
    /// A straight line between these rates.
    Linear { from: f64, to: f64 },
    /// A smooth curve that nowhere exceeds `bound`.
    Curved { bound: f64 },
}

impl Piece {
    pub(crate) fn constant(rate: f64, until: u64) -> Self {
        Self {
            until,
            form: Form::Linear {
                from: rate,
                to: rate,
            },
        }
    }

    /// The part of the piece from its start at `start` until `until`.
    pub(crate) fn clip(self, start: u64, until: u64) -> Self {
        if until >= self.until {
            return self;
        }
        let form = match self.form {
            Form::Linear { from, to } => {
                let share = (until - start) as f64 / (self.until - start) as f64;
                Form::Linear {
                    from,
                    to: from + (to - from) * share,
                }
            }
            curved @ Form::Curved { .. } => curved,
        };
        Self { until, form }
    }

    /// An upper bound of the rate.
    pub(crate) fn bound(self) -> f64 {
        match self.form {
            Form::Linear { from, to } => from.max(to),
            Form::Curved { bound } => bound,
        }
    }

    /// The sum of two pieces that both start at `start`.
    pub(crate) fn plus(self, other: Self, start: u64) -> Self {
        let until = self.until.min(other.until);
        let (left, right) = (self.clip(start, until), other.clip(start, until));
        let form = match (left.form, right.form) {
            (Form::Linear { from: a, to: b }, Form::Linear { from: c, to: d }) => Form::Linear {
                from: a + c,
                to: b + d,
            },
            _ => Form::Curved {
                bound: left.bound() + right.bound(),
            },
        };
        Self { until, form }
    }

    /// The product of two pieces that both start at `start`.
    pub(crate) fn times(self, other: Self, start: u64) -> Self {
        let until = self.until.min(other.until);
        let (left, right) = (self.clip(start, until), other.clip(start, until));
        match (left.form, right.form) {
            (Form::Linear { from: a, to: b }, Form::Linear { from: c, to: d })
                if a == b || c == d =>
            {
                Self {
                    until,
                    form: Form::Linear {
                        from: a * c,
                        to: b * d,
                    },
                }
            }
            _ => {
                let (left, right) = (left.shorten(start), right.shorten(start));
                let until = left.until.min(right.until);
                let bound = left.clip(start, until).bound() * right.clip(start, until).bound();
                Self {
                    until,
                    form: Form::Curved { bound },
                }
            }
        }
    }

    /// Cuts a line so that it changes by at most a quarter of its maximum: the bound of a product
    /// stays close to the product.
    fn shorten(self, start: u64) -> Self {
        let Form::Linear { from, to } = self.form else {
            return self;
        };
        let change = (to - from).abs();
        if change <= 0.25 * from.max(to) {
            return self;
        }
        let length = (self.until - start) as f64 * 0.25 * from.max(to) / change;
        // A millisecond at least, or lines that end at zero would be cut for ever.
        self.clip(start, start + (length as u64).max(1_000_000))
    }
}
