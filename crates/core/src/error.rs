//! What can be wrong with a model.

/// A model that cannot be simulated. The run did not begin.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ModelError {
    /// Endpoints call each other in a circle.
    #[error("endpoint `{endpoint}` calls itself, directly or through others")]
    CyclicCalls {
        /// One endpoint of the circle.
        endpoint: String,
    },
    /// The tree of calls under an endpoint is too large.
    #[error("a request of endpoint `{endpoint}` takes more than {limit} steps")]
    TooManySteps {
        /// Whose.
        endpoint: String,
        /// The largest number of steps.
        limit: usize,
    },
    /// The autoscaler of a service cannot be made.
    #[error("autoscaler of service `{service}`: {error}")]
    Autoscaler {
        /// Which service.
        service: String,
        /// Why.
        #[source]
        error: flashcrowd_autoscalers::CatalogError,
    },
    /// An index or a number is outside its range.
    #[error("{what} of `{of}`: {problem}")]
    Invalid {
        /// Which field.
        what: &'static str,
        /// Of which part of the model.
        of: String,
        /// Value and legal range.
        problem: String,
    },
}
