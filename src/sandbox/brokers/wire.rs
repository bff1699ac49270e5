//! Reading and writing the primitive types of the Kafka protocol.
//!
//! Newer versions of a request are *flexible*: they have compact lengths, and tagged fields at the end of each structure.

/// A request that is not in the form of its version.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Malformed;

/// Reads the fields of a request.
pub(super) struct Reader<'a> {
    rest: &'a [u8],
    pub(super) is_flexible: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, is_flexible: false }
    }

    fn take(&mut self, length: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(Malformed)?;
        self.rest = rest;
        Ok(taken)
    }

    fn bytes<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        self.take(N)?.try_into().map_err(|_| Malformed)
    }

    pub(super) fn i8(&mut self) -> Result<i8, Malformed> {
        self.bytes().map(i8::from_be_bytes)
    }

    pub(super) fn i16(&mut self) -> Result<i16, Malformed> {
        self.bytes().map(i16::from_be_bytes)
    }

    pub(super) fn i32(&mut self) -> Result<i32, Malformed> {
        self.bytes().map(i32::from_be_bytes)
    }

    /// Reads a topic id.
    pub(super) fn uuid(&mut self) -> Result<[u8; 16], Malformed> {
        self.bytes()
    }

    fn varint(&mut self) -> Result<usize, Malformed> {
        let mut value = 0;
        for shift in [0, 7, 14, 21, 28] {
            let [byte] = self.bytes()?;
            value |= usize::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Malformed)
    }

    /// Reads the length of a string or an array, or returns None for null. `fixed` reads it in a version that is not flexible.
    fn length(
        &mut self,
        fixed: impl FnOnce(&mut Self) -> Result<i32, Malformed>,
    ) -> Result<Option<usize>, Malformed> {
        if self.is_flexible {
            return Ok(self.varint()?.checked_sub(1));
        }
        match fixed(self)? {
            -1 => Ok(None),
            length => usize::try_from(length).map(Some).map_err(|_| Malformed),
        }
    }

    /// Reads a string or null.
    pub(super) fn nullable_string(&mut self) -> Result<Option<&'a str>, Malformed> {
        let Some(length) = self.length(|reader| reader.i16().map(i32::from))? else { return Ok(None) };
        std::str::from_utf8(self.take(length)?).map(Some).map_err(|_| Malformed)
    }

    pub(super) fn string(&mut self) -> Result<&'a str, Malformed> {
        self.nullable_string()?.ok_or(Malformed)
    }

    /// Reads an array or null. Every element of a request has at least one byte, so a length beyond the request fails.
    pub(super) fn array<T>(
        &mut self,
        mut element: impl FnMut(&mut Self) -> Result<T, Malformed>,
    ) -> Result<Option<Vec<T>>, Malformed> {
        let Some(length) = self.length(Self::i32)? else { return Ok(None) };
        (0..length).map(|_| element(self)).collect::<Result<_, _>>().map(Some)
    }

    /// Skips the tagged fields of a flexible version.
    pub(super) fn tags(&mut self) -> Result<(), Malformed> {
        let count = if self.is_flexible { self.varint()? } else { 0 };
        for _ in 0..count {
            self.varint()?;
            let length = self.varint()?;
            self.take(length)?;
        }
        Ok(())
    }

    /// Checks that nothing is left.
    pub(super) fn end(&self) -> Result<(), Malformed> {
        if self.rest.is_empty() { Ok(()) } else { Err(Malformed) }
    }
}

/// Writes a response with its length in front.
pub(super) struct Writer {
    bytes: Vec<u8>,
    pub(super) is_flexible: bool,
}

impl Writer {
    pub(super) fn new(correlation_id: i32) -> Self {
        let mut writer = Self { bytes: vec![0; 4], is_flexible: false };
        writer.i32(correlation_id);
        writer
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    pub(super) fn i8(&mut self, value: i8) {
        self.bytes(&value.to_be_bytes());
    }

    pub(super) fn bool(&mut self, value: bool) {
        self.i8(value.into());
    }

    pub(super) fn i16(&mut self, value: i16) {
        self.bytes(&value.to_be_bytes());
    }

    pub(super) fn i32(&mut self, value: i32) {
        self.bytes(&value.to_be_bytes());
    }

    /// Writes the length of a string or an array in a flexible version; None is null.
    fn compact_length(&mut self, length: Option<usize>) {
        let mut rest = length.map_or(0, |length| length + 1);
        while rest > 0x7f {
            self.bytes.push(0x80 | rest.to_le_bytes()[0]);
            rest >>= 7;
        }
        self.bytes.push(rest.to_le_bytes()[0]);
    }

    pub(super) fn nullable_string(&mut self, text: Option<&str>) {
        let length = text.map(str::len);
        if self.is_flexible {
            self.compact_length(length);
        } else {
            self.i16(length.map_or(-1, |length| i16::try_from(length).unwrap_or(i16::MAX)));
        }
        self.bytes(text.unwrap_or_default().as_bytes());
    }

    pub(super) fn string(&mut self, text: &str) {
        self.nullable_string(Some(text));
    }

    pub(super) fn array<T>(&mut self, items: &[T], mut element: impl FnMut(&mut Self, &T)) {
        if self.is_flexible {
            self.compact_length(Some(items.len()));
        } else {
            self.i32(i32::try_from(items.len()).unwrap_or(i32::MAX));
        }
        for item in items {
            element(self, item);
        }
    }

    pub(super) fn ids(&mut self, ids: &[i32]) {
        self.array(ids, |writer, id| writer.i32(*id));
    }

    /// Writes that a structure has no tagged fields, in a flexible version.
    pub(super) fn tags(&mut self) {
        if self.is_flexible {
            self.bytes.push(0);
        }
    }

    /// Returns the response with its length in front.
    pub(super) fn finish(mut self) -> Vec<u8> {
        let length = i32::try_from(self.bytes.len() - 4).unwrap_or(i32::MAX);
        self.bytes[..4].copy_from_slice(&length.to_be_bytes());
        self.bytes
    }
}
