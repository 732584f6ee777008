//! What must hold for any text: tried with made-up texts by the tests beside this, and for as long as
//! one likes by the fuzz targets in `fuzz/`.

pub mod edits;
pub mod features;
