//! Frames to sightings, and the capture threads.
