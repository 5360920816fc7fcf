//! Autoscalers as pure state machines: observation in, decision out.
