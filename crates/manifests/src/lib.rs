//! Kubernetes kinds as plain types, with the API's own defaulting and validation.
