//! The form of the ids of transactions, and the names of what lies beside volumes, which begin with one.

const ID_FORM: &str = "00000000T000000.000-xxxxxx";

/// Whether a text has the form of an id.
pub(crate) fn is_id(text: &str) -> bool {
    text.len() == ID_FORM.len()
        && text.bytes().zip(ID_FORM.bytes()).all(|(byte, form)| match form {
            b'0' => byte.is_ascii_digit(),
            b'x' => byte.is_ascii_hexdigit(),
            separator => byte == separator,
        })
}

/// The name of one volume's sibling: short, and nothing else's.
pub fn sibling_name(transaction: &str, index: usize) -> String {
    format!("{}{index}", sibling_prefix(transaction))
}

/// Whose sibling this is by its name: the id of a transaction.
pub(crate) fn transaction_of(sibling: &str) -> Option<&str> {
    let rest = sibling.strip_prefix(reforge_volumes::parent::SIBLING_PREFIX)?;
    let (id, _) = rest.split_at_checked(ID_FORM.len())?;
    is_id(id).then_some(id)
}

/// How the names of all of a transaction's siblings begin.
pub fn sibling_prefix(transaction: &str) -> String {
    format!("{}{transaction}-", reforge_volumes::parent::SIBLING_PREFIX)
}

/// The two empty directories of the probe, known from the record.
pub(crate) fn probe_names(sibling: &str) -> (String, String) {
    (format!("{sibling}-a"), format!("{sibling}-b"))
}
