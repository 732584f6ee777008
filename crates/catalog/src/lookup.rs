//! Finding the stored entries of an index: what the reader and the writer have in common.

use tantivy::{
    DocAddress, Searcher, TERMINATED, TantivyDocument, TantivyError, Term,
    postings::Postings,
    schema::{Field, IndexRecordOption, Value},
};

use crate::schema::Fields;

/// The entry of the attribute path with this text form.
pub(crate) fn entry(
    searcher: &Searcher,
    fields: &Fields,
    path: &str,
) -> Result<Option<Vec<u8>>, TantivyError> {
    let term = Term::from_field_text(fields.path, path);
    for (segment_ord, segment) in (0..).zip(searcher.segment_readers()) {
        let index = segment.inverted_index(fields.path)?;
        let Some(mut postings) = index.read_postings(&term, IndexRecordOption::Basic)? else {
            continue;
        };
        if let Some(doc) = next_alive(&mut postings, segment) {
            return entry_at(searcher, fields.entry, DocAddress { segment_ord, doc_id: doc });
        }
    }
    Ok(None)
}

/// The document that the postings stand at, or the first after it that is not deleted; the
/// postings then stand behind it.
pub(crate) fn next_alive(
    postings: &mut impl Postings,
    segment: &tantivy::SegmentReader,
) -> Option<u32> {
    loop {
        let doc = postings.doc();
        if doc == TERMINATED {
            return None;
        }
        postings.advance();
        if !segment.is_deleted(doc) {
            return Some(doc);
        }
    }
}

/// The entry in the document at this address.
pub(crate) fn entry_at(
    searcher: &Searcher,
    field: Field,
    address: DocAddress,
) -> Result<Option<Vec<u8>>, TantivyError> {
    let document: TantivyDocument = searcher.doc(address)?;
    Ok(document.get_first(field).and_then(|value| value.as_bytes().map(<[u8]>::to_vec)))
}
