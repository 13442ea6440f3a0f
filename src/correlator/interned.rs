use std::hash::Hash;
use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::{Installation, Open, Request, State};

/// Most different values that are interned of each kind. A campaign has one certification authority and one format; who
/// makes up more pays with memory of their own installations only.
const VALUES_MAX: usize = 4096;

/// Longest value that is interned, in bytes: with [`VALUES_MAX`] it limits what is kept when nobody uses it any more.
const BYTES_MAX: usize = 512;

/// Values that many installations have in common, each held once and known by a number.
#[derive(Clone, Debug, Default)]
pub(super) struct Interned {
    /// Distinguished names in DER.
    pub(super) issuers: Pool<Arc<[u8]>>,
    /// Who asks, and in which release.
    pub(super) originators: Pool<Arc<str>>,
    /// Names of topics and media types.
    pub(super) texts: Pool<Arc<str>>,
}

impl Interned {
    /// Puts what is held already in the place of what is equal to it.
    pub(super) fn installation(&mut self, installation: &mut Installation) {
        match &mut installation.state {
            State::Early(_) => {}
            State::Open(open) => self.open(open),
            State::Ended(ended) => {
                self.texts.share(&mut ended.coordinates.topic);
                if let Some(resource) = &mut ended.resource {
                    self.texts
                        .share(&mut resource.attributes.my_cert_file_format);
                }
            }
        }
    }

    /// The same for an open one.
    pub(super) fn open(&mut self, open: &mut Open) {
        if let Some(certificate) = &mut open.certificate {
            self.issuers.share(&mut certificate.issuer);
        }
        // Only a request that was just read is held by nobody else.
        if let Some(request) = Arc::get_mut(&mut open.request) {
            self.request(request);
        }
    }

    /// The same for a request.
    pub(super) fn request(&mut self, request: &mut Request) {
        self.texts.share(&mut request.coordinates.topic);
        if let Some(resource) = &mut request.resource {
            self.texts.share(&mut resource.my_cert_file_format);
        }
        let primitive = &request.primitive;
        self.originators.learn(primitive.originator());
        self.originators
            .learn(primitive.release_version_indicator());
    }
}

/// Values of one kind. Its order shows in nothing that is told.
#[derive(Clone, Debug)]
pub(super) struct Pool<V> {
    values: Vec<V>,
    /// Where each stands in `values`.
    numbers: HashMap<V, u32, FixedState>,
}

impl<V> Default for Pool<V> {
    fn default() -> Self {
        Self {
            values: Vec::new(),
            numbers: HashMap::default(),
        }
    }
}

impl<T: ?Sized + Eq + Hash> Pool<Arc<T>> {
    /// The number of a value that is held.
    pub(super) fn number(&self, value: &T) -> Option<u32> {
        self.numbers.get(value).copied()
    }

    /// The value of a number that [`Self::number`] told.
    pub(super) fn value(&self, number: u32) -> Option<&Arc<T>> {
        self.values.get(usize::try_from(number).ok()?)
    }

    fn share(&mut self, value: &mut Arc<T>)
    where
        T: AsRef<[u8]>,
    {
        match self.number(value).and_then(|number| self.value(number)) {
            Some(same) => *value = Arc::clone(same),
            None => self.hold(&**value, Arc::clone(value)),
        }
    }

    fn learn<'v>(&mut self, value: &'v T)
    where
        T: AsRef<[u8]>,
        Arc<T>: From<&'v T>,
    {
        if !self.numbers.contains_key(value) {
            self.hold(value, value.into());
        }
    }

    fn hold(&mut self, value: &T, held: Arc<T>)
    where
        T: AsRef<[u8]>,
    {
        let number = u32::try_from(self.values.len()).ok();
        let is_allowed = self.values.len() < VALUES_MAX && value.as_ref().len() <= BYTES_MAX;
        if let Some(number) = number.filter(|_| is_allowed) {
            self.values.push(Arc::clone(&held));
            self.numbers.insert(held, number);
        }
    }
}
