//! The conditions in the status of an HPA.

use serde::{Deserialize, Serialize};
use std::fmt;

/// All conditions of an HPA; `None` where one has never been set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Conditions {
    /// Whether the controller can read and write the scale.
    pub able_to_scale: Option<AbleToScale>,
    /// Whether the metrics say anything.
    pub scaling_active: Option<ScalingActive>,
    /// Whether the number is held back.
    pub scaling_limited: Option<ScalingLimited>,
    /// Whether it is this HPA that took the last replica away.
    pub scaled_to_zero: Option<ScaledToZero>,
}

impl Conditions {
    /// The conditions that are set: type, status, reason.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, bool, &'static str)> {
        [
            self.able_to_scale
                .map(|it| ("AbleToScale", it.status(), it.reason())),
            self.scaling_active
                .map(|it| ("ScalingActive", it.status(), it.reason())),
            self.scaling_limited
                .map(|it| ("ScalingLimited", it.status(), it.reason())),
            self.scaled_to_zero
                .map(|it| ("ScaledToZero", it.status(), it.reason())),
        ]
        .into_iter()
        .flatten()
    }
}

/// A condition whose variants are the reasons; each reason goes with one status.
macro_rules! condition {
    ($(#[$doc:meta])* $name:ident { $($(#[$reason_doc:meta])* $reason:ident = $status:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$reason_doc])* $reason,)+
        }

        impl $name {
            /// Whether the condition is True; False otherwise.
            pub const fn status(self) -> bool {
                match self {
                    $(Self::$reason => $status,)+
                }
            }

            /// The reason, in the controller's word.
            pub const fn reason(self) -> &'static str {
                match self {
                    $(Self::$reason => stringify!($reason),)+
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.reason())
            }
        }
    };
}

condition! {
    /// Reasons of the condition AbleToScale.
    AbleToScale {
        /// The scale was read, and nothing more happened.
        SucceededGetScale = true,
        /// The scale could not be read.
        FailedGetScale = false,
        /// The newest recommendation counts.
        ReadyForNewScale = true,
        /// An older, lower recommendation counts.
        ScaleUpStabilized = true,
        /// An older, higher recommendation counts.
        ScaleDownStabilized = true,
        /// The scale was written.
        SucceededRescale = true,
        /// The scale could not be written.
        FailedUpdateScale = false,
    }
}

condition! {
    /// Reasons of the condition ScalingActive.
    ScalingActive {
        /// The metrics gave a number.
        ValidMetricFound = true,
        /// There are no replicas, and the HPA is not the one who took them away.
        ScalingDisabled = false,
        /// A Resource metric failed.
        FailedGetResourceMetric = false,
        /// A ContainerResource metric failed.
        FailedGetContainerResourceMetric = false,
        /// A Pods metric failed.
        FailedGetPodsMetric = false,
        /// An Object metric failed.
        FailedGetObjectMetric = false,
        /// An External metric failed.
        FailedGetExternalMetric = false,
    }
}

condition! {
    /// Reasons of the condition ScalingLimited.
    ScalingLimited {
        /// Nothing limits the number.
        DesiredWithinRange = false,
        /// The minimum does.
        TooFewReplicas = true,
        /// The maximum does.
        TooManyReplicas = true,
        /// The rate on the way up does.
        ScaleUpLimit = true,
        /// The rate on the way down does.
        ScaleDownLimit = true,
    }
}

condition! {
    /// Reasons of the condition ScaledToZero.
    ScaledToZero {
        /// This HPA took the last replica away.
        ScaledToZero = true,
        /// The last rescale was another one.
        NotScaledToZero = false,
    }
}
