//! Reads answers.

use crate::model::data_plane::BrokerId;

/// An answer is not what Kafka's protocol defines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::brokers) struct Malformed;

/// Decodes values from untrusted bytes. Texts and numbers in arrays stay in these bytes.
#[derive(Debug, Clone)]
pub(in crate::brokers) struct Reader<'a> {
    rest: &'a [u8],
    is_flexible: bool,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8], is_flexible: bool) -> Self {
        Self { rest: bytes, is_flexible }
    }

    pub(super) fn skip(&mut self, length: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(Malformed)?;
        self.rest = rest;
        Ok(taken)
    }

    fn chunk<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (chunk, rest) = self.rest.split_first_chunk().ok_or(Malformed)?;
        self.rest = rest;
        Ok(*chunk)
    }

    pub(super) fn bool(&mut self) -> Result<bool, Malformed> {
        Ok(self.i8()? != 0)
    }

    pub(super) fn i8(&mut self) -> Result<i8, Malformed> {
        self.chunk().map(i8::from_be_bytes)
    }

    pub(super) fn i16(&mut self) -> Result<i16, Malformed> {
        self.chunk().map(i16::from_be_bytes)
    }

    pub(super) fn i32(&mut self) -> Result<i32, Malformed> {
        self.chunk().map(i32::from_be_bytes)
    }

    /// Reads a text that must not be null.
    pub(super) fn text(&mut self) -> Result<&'a str, Malformed> {
        self.nullable_text()?.ok_or(Malformed)
    }

    pub(super) fn nullable_text(&mut self) -> Result<Option<&'a str>, Malformed> {
        let length = if self.is_flexible {
            self.compact_length()?
        } else {
            match self.i16()? {
                -1 => None,
                length => Some(usize::try_from(length).map_err(|_| Malformed)?),
            }
        };
        let Some(length) = length else { return Ok(None) };
        str::from_utf8(self.skip(length)?).map(Some).map_err(|_| Malformed)
    }

    /// Reads an array. `smallest` is the number of bytes that an entry has at least. A length that can't fit in the
    /// remaining bytes is an error before anything is allocated.
    pub(super) fn array<T>(
        &mut self,
        smallest: usize,
        mut entry: impl FnMut(&mut Self) -> Result<T, Malformed>,
    ) -> Result<Vec<T>, Malformed> {
        let length = self.array_length(smallest)?;
        let mut entries = Vec::with_capacity(length);
        for _ in 0..length {
            entries.push(entry(self)?);
        }
        Ok(entries)
    }

    /// Reads an array whose entries are not kept.
    pub(super) fn each(
        &mut self,
        smallest: usize,
        mut entry: impl FnMut(&mut Self) -> Result<(), Malformed>,
    ) -> Result<(), Malformed> {
        for _ in 0..self.array_length(smallest)? {
            entry(self)?;
        }
        Ok(())
    }

    /// Reads an array of broker IDs.
    pub(super) fn broker_ids(&mut self) -> Result<BrokerIds<'a>, Malformed> {
        let length = self.array_length(4)?;
        self.skip(length.saturating_mul(4)).map(BrokerIds)
    }

    fn array_length(&mut self, smallest: usize) -> Result<usize, Malformed> {
        let length = if self.is_flexible {
            self.compact_length()?.ok_or(Malformed)?
        } else {
            usize::try_from(self.i32()?).map_err(|_| Malformed)?
        };
        if length.saturating_mul(smallest) > self.rest.len() { Err(Malformed) } else { Ok(length) }
    }

    /// Ends a structure of a flexible version.
    pub(super) fn skip_tagged_fields(&mut self) -> Result<(), Malformed> {
        if self.is_flexible {
            for _ in 0..self.variable_length()? {
                self.variable_length()?;
                let size = self.variable_length()?;
                self.skip(usize::try_from(size).map_err(|_| Malformed)?)?;
            }
        }
        Ok(())
    }

    /// Returns None for null.
    fn compact_length(&mut self) -> Result<Option<usize>, Malformed> {
        let Some(length) = self.variable_length()?.checked_sub(1) else { return Ok(None) };
        usize::try_from(length).map(Some).map_err(|_| Malformed)
    }

    fn variable_length(&mut self) -> Result<u32, Malformed> {
        let mut value: u64 = 0;
        for shift in [0, 7, 14, 21, 28] {
            let [byte] = self.chunk()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return u32::try_from(value).map_err(|_| Malformed);
            }
        }
        Err(Malformed)
    }
}

/// An array of broker IDs, in the bytes of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::brokers) struct BrokerIds<'a>(&'a [u8]);

impl BrokerIds<'_> {
    pub(in crate::brokers) fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    pub(in crate::brokers) fn to_vec(self) -> Vec<BrokerId> {
        let (ids, _nothing) = self.0.as_chunks();
        ids.iter().map(|id| BrokerId(i32::from_be_bytes(*id))).collect()
    }
}
