//! XML-RPC values, reader and writer.

pub mod value;

pub use value::Value;
