//! A reader of JSON Schema (draft 7) as far as the schema of SARIF needs it. A keyword that it does
//! not know is a violation, so that nothing is passed over.

use serde_json::Value;

/// Everything in `value` that `schema` does not allow.
pub(crate) fn violations(schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    Reader { root: schema }.check(schema, value, "", &mut found);
    found
}

struct Reader<'a> {
    root: &'a Value,
}

impl Reader<'_> {
    fn check(&self, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
        let Some(keywords) = schema.as_object() else {
            found.push(format!("{at}: a schema that is no object"));
            return;
        };
        for (keyword, wanted) in keywords {
            match keyword.as_str() {
                "$schema" | "$id" | "title" | "description" | "default" | "definitions"
                | "format" | "properties" => {}
                "$ref" => {
                    let path = wanted.as_str().unwrap_or_default();
                    match self.root.pointer(path.trim_start_matches('#')) {
                        Some(schema) => self.check(schema, value, at, found),
                        None => found.push(format!("{at}: no schema at {path}")),
                    }
                }
                "type" => {
                    if !is_of_type(value, wanted) {
                        found.push(format!("{at}: not of type {wanted}"));
                    }
                }
                "enum" => {
                    let allowed = wanted.as_array().is_some_and(|all| all.contains(value));
                    if !allowed {
                        found.push(format!("{at}: {value} is none of {wanted}"));
                    }
                }
                "required" => {
                    for name in wanted.as_array().into_iter().flatten() {
                        let name = name.as_str().unwrap_or_default();
                        if value.is_object() && value.get(name).is_none() {
                            found.push(format!("{at}: {name} is missing"));
                        }
                    }
                }
                "additionalProperties" => self.additional(schema, wanted, value, at, found),
                "items" => {
                    for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                        self.check(wanted, item, &format!("{at}/{index}"), found);
                    }
                }
                "minItems" => {
                    let least = wanted.as_u64().unwrap_or_default();
                    if value
                        .as_array()
                        .is_some_and(|items| (items.len() as u64) < least)
                    {
                        found.push(format!("{at}: fewer than {least} items"));
                    }
                }
                "uniqueItems" => {
                    let items = value.as_array().map_or(&[][..], Vec::as_slice);
                    let twice = |(index, item): (usize, &Value)| items[..index].contains(item);
                    if wanted == true && items.iter().enumerate().any(twice) {
                        found.push(format!("{at}: an item stands twice"));
                    }
                }
                "minimum" => {
                    if value
                        .as_f64()
                        .is_some_and(|n| n < wanted.as_f64().unwrap_or(n))
                    {
                        found.push(format!("{at}: below {wanted}"));
                    }
                }
                "maximum" => {
                    if value
                        .as_f64()
                        .is_some_and(|n| n > wanted.as_f64().unwrap_or(n))
                    {
                        found.push(format!("{at}: above {wanted}"));
                    }
                }
                "anyOf" | "oneOf" => {
                    let fits = wanted.as_array().into_iter().flatten().any(|one| {
                        let mut inner = Vec::new();
                        self.check(one, value, at, &mut inner);
                        inner.is_empty()
                    });
                    if !fits {
                        found.push(format!("{at}: fits no schema of {keyword}"));
                    }
                }
                unknown => found.push(format!("{at}: the keyword {unknown} is not known here")),
            }
        }
        for (name, schema) in keywords
            .get("properties")
            .and_then(Value::as_object)
            .into_iter()
            .flatten()
        {
            if let Some(inner) = value.get(name) {
                self.check(schema, inner, &format!("{at}/{name}"), found);
            }
        }
    }

    /// Properties that the schema does not name.
    fn additional(
        &self,
        schema: &Value,
        wanted: &Value,
        value: &Value,
        at: &str,
        found: &mut Vec<String>,
    ) {
        for (name, inner) in value.as_object().into_iter().flatten() {
            if schema["properties"].get(name).is_some() {
                continue;
            }
            match wanted.as_bool() {
                Some(true) => {}
                Some(false) => found.push(format!("{at}: {name} is not allowed")),
                None => self.check(wanted, inner, &format!("{at}/{name}"), found),
            }
        }
    }
}

fn is_of_type(value: &Value, wanted: &Value) -> bool {
    let is = |name: &str| match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        _ => false,
    };
    match wanted.as_array() {
        Some(names) => names.iter().filter_map(Value::as_str).any(is),
        None => wanted.as_str().is_some_and(is),
    }
}
