//! Event queue, agenda and named random streams.
