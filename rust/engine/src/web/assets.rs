//! Style, scripts and pictures, built into the program.
//!
//! A page asks for a file with the digest of all files behind a question mark: such an address always means the
//! same bytes, so that a browser keeps it for good. Without the digest, as scripts and old bookmarks ask for them,
//! they are looked at again each time.

use std::sync::LazyLock;

use sha1_smol::Sha1;

/// A file that is served as it is.
pub struct Asset {
    /// Its path, without the leading slash.
    pub path: &'static str,
    /// Its media type.
    pub content_type: &'static str,
    /// Its bytes.
    pub bytes: &'static [u8],
}

macro_rules! asset {
    ($path:literal, $content_type:literal) => {
        Asset {
            path: $path,
            content_type: $content_type,
            bytes: include_bytes!(concat!("../../assets/", $path)),
        }
    };
}

/// Every file; the paths of the original are among them.
static ASSETS: [Asset; 12] = [
    asset!("stylesheets/supervisor.css", "text/css"),
    asset!("scripts/live.js", "text/javascript"),
    asset!("scripts/status.js", "text/javascript"),
    asset!("scripts/log.js", "text/javascript"),
    asset!("images/icon.svg", "image/svg+xml"),
    asset!("images/icon.png", "image/png"),
    asset!("images/rule.gif", "image/gif"),
    asset!("images/state0.gif", "image/gif"),
    asset!("images/state1.gif", "image/gif"),
    asset!("images/state2.gif", "image/gif"),
    asset!("images/state3.gif", "image/gif"),
    asset!("images/supervisor.gif", "image/gif"),
];

/// The file at a path.
#[must_use]
pub fn find(path: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|asset| asset.path == path)
}

/// Changes whenever one of the files does.
#[must_use]
pub fn digest() -> &'static str {
    static DIGEST: LazyLock<String> = LazyLock::new(|| {
        let mut sha1 = Sha1::new();
        for asset in &ASSETS {
            sha1.update(asset.bytes);
        }
        let mut digest = sha1.digest().to_string();
        digest.truncate(12);
        digest
    });
    &DIGEST
}
