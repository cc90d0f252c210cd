//! Findings as SARIF 2.1.0 (OASIS), the form that code hosts show beside the file.

use std::collections::BTreeMap;

use mudguard_mud::{Finding, Severity};
use serde_json::{Value, json};

use super::Report;

/// One SARIF log with one run.
pub(super) fn log(reports: &[Report]) -> Value {
    let rules: BTreeMap<_, _> = reports
        .iter()
        .flat_map(|report| &report.findings)
        .map(|finding| (finding.code.number().to_string(), finding.code.name().to_string()))
        .collect();
    let rules: Vec<_> = rules
        .iter()
        .map(|(number, name)| json!({ "id": number, "name": name }))
        .collect();
    let results: Vec<_> = reports
        .iter()
        .flat_map(|report| {
            report
                .findings
                .iter()
                .map(|finding| result(&report.file, finding))
        })
        .collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "mudguard",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules
            } },
            "columnKind": "unicodeCodePoints",
            "results": results
        }]
    })
}

fn result(file: &str, finding: &Finding) -> Value {
    let level = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    json!({
        "ruleId": finding.code.number().to_string(),
        "level": level,
        "message": { "text": format!("{} ({})", finding.message, finding.hint) },
        "locations": [{
            "physicalLocation": {
                "artifactLocation": { "uri": file },
                "region": { "startLine": finding.line, "startColumn": finding.column }
            },
            "logicalLocations": [{ "fullyQualifiedName": finding.pointer }]
        }]
    })
}
