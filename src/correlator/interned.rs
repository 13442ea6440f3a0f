use std::collections::HashSet;
use std::hash::Hash;
use std::sync::Arc;

use foldhash::fast::FixedState;

use super::{Installation, Open, Request, State};

/// Most different values that are interned of each kind. A campaign has one certification authority and one format; who
/// makes up more pays with memory of their own installations only.
const VALUES_MAX: usize = 4096;

/// Longest value that is interned, in bytes: with [`VALUES_MAX`] it limits what is kept when nobody uses it any more.
const BYTES_MAX: usize = 512;

/// Values that many installations have in common, each held once. Never iterated.
#[derive(Clone, Debug, Default)]
pub(super) struct Interned {
    issuers: HashSet<Arc<[u8]>, FixedState>,
    texts: HashSet<Arc<str>, FixedState>,
}

impl Interned {
    /// Puts what is held already in the place of what is equal to it.
    pub(super) fn installation(&mut self, installation: &mut Installation) {
        match &mut installation.state {
            State::Early(_) => {}
            State::Open(open) => self.open(open),
            State::Ended(ended) => {
                self.text(&mut ended.coordinates.topic);
                if let Some(resource) = &mut ended.resource {
                    self.text(&mut resource.attributes.my_cert_file_format);
                }
            }
        }
    }

    /// The same for an open one.
    pub(super) fn open(&mut self, open: &mut Open) {
        if let Some(certificate) = &mut open.certificate {
            intern(&mut self.issuers, &mut certificate.issuer, <[u8]>::len);
        }
        // Only a request that was just read is held by nobody else.
        if let Some(request) = Arc::get_mut(&mut open.request) {
            self.request(request);
        }
    }

    /// The same for a request.
    pub(super) fn request(&mut self, request: &mut Request) {
        self.text(&mut request.coordinates.topic);
        if let Some(resource) = &mut request.resource {
            self.text(&mut resource.my_cert_file_format);
        }
    }

    fn text(&mut self, text: &mut Arc<str>) {
        intern(&mut self.texts, text, str::len);
    }
}

fn intern<T: ?Sized + Eq + Hash>(
    held: &mut HashSet<Arc<T>, FixedState>,
    value: &mut Arc<T>,
    bytes: impl FnOnce(&T) -> usize,
) {
    if let Some(same) = held.get(&**value) {
        *value = Arc::clone(same);
    } else if held.len() < VALUES_MAX && bytes(value) <= BYTES_MAX {
        held.insert(Arc::clone(value));
    }
}
