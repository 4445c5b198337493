package quality

// Profile is what a document asks for. Callers may make their own.
type Profile struct {
	// ID is short: "cisa-2026".
	ID string `json:"id"`
	// Title is the document's title with its version and date.
	Title    string    `json:"title"`
	Elements []Element `json:"elements"`
}

// Element is one thing that a document asks for.
type Element struct {
	// Name is the element's name in the document, and Section where it stands there.
	Name    string `json:"name"`
	Section string `json:"section,omitempty"`
	Level   Level  `json:"level"`
	// Field is what of an inventory fills it.
	Field Field `json:"field"`
}

// Level is how much a document asks for an element.
type Level string

const (
	Required   Level = "required"   // In any case.
	Additional Level = "additional" // If it exists.
	Optional   Level = "optional"   // It may be there.
)

// Field is something that an inventory may have, for the whole or for each component.
type Field string

// Fields of the inventory as a whole, and of the document that it becomes.
const (
	FieldAuthor      Field = "author"       // Who made it; a tool counts.
	FieldEntity      Field = "entity"       // The person or organisation that made it.
	FieldTimestamp   Field = "timestamp"    // When.
	FieldTool        Field = "tool"         // By which program.
	FieldToolVersion Field = "tool-version" // In which version.
	FieldContext     Field = "context"      // From what, at which point of the life cycle.
	FieldFormat      Field = "format"       // The format and its version.
	FieldRevision    Field = "revision"     // The document's own version.
	FieldURI         Field = "uri"          // The document's own name.
	FieldSignature   Field = "signature"    // A signature of who made it.
)

// Fields of each component.
const (
	FieldProducer         Field = "producer"           // Who made or supplies it.
	FieldContact          Field = "contact"            // Mail or web address of the producer.
	FieldName             Field = "name"               //
	FieldVersion          Field = "version"            //
	FieldIdentifier       Field = "identifier"         // A package URL or CPE.
	FieldDependencies     Field = "dependencies"       // What it needs or contains.
	FieldHash             Field = "hash"               // A digest of its archive or file.
	FieldSHA512           Field = "sha512"             // The same by SHA-512.
	FieldLicense          Field = "license"            // Any statement.
	FieldExpression       Field = "license-expression" // A concluded or declared SPDX expression.
	FieldDeclaredLicense  Field = "license-declared"   // A declared SPDX expression.
	FieldConcludedLicense Field = "license-concluded"  // A concluded SPDX expression.
	FieldEffectiveLicense Field = "license-effective"  // The one that whoever uses it chose.
	FieldFilename         Field = "filename"           // Of a component that is a file.
	FieldExecutable       Field = "executable"         // Whether that file is executable.
	FieldArchive          Field = "archive"            // Whether it is an archive.
	FieldStructured       Field = "structured"         // Whether its parts are still told apart.
	FieldSourceURI        Field = "source-uri"         // Where the source is.
	FieldSourceHash       Field = "source-hash"        // A digest of the source.
	FieldDistributionURI  Field = "distribution-uri"   // Where the package comes from.
	FieldSecurityContact  Field = "security-contact"   // The producer's security.txt.
)

// Profiles returns all profiles, the oldest first.
func Profiles() []Profile {
	return []Profile{NTIA2021(), BSI20(), BSI21(), CISA2025(), CISA2026()}
}

// NTIA2021 is the minimum of 2021, its "Data Fields".
func NTIA2021() Profile {
	const fields = "Data Fields"
	return Profile{ID: "ntia-2021", Title: "NTIA, The Minimum Elements For a Software Bill of Materials (SBOM), 2021-07-12", Elements: []Element{
		{"Supplier Name", fields, Required, FieldProducer},
		{"Component Name", fields, Required, FieldName},
		{"Version of the Component", fields, Required, FieldVersion},
		{"Other Unique Identifiers", fields, Additional, FieldIdentifier},
		{"Dependency Relationship", fields, Required, FieldDependencies},
		{"Author of SBOM Data", fields, Required, FieldAuthor},
		{"Timestamp", fields, Required, FieldTimestamp},
	}}
}

// CISA2025 is the public comment draft of the revised minimum, its "Data Fields".
func CISA2025() Profile {
	const fields = "Data Fields"
	return Profile{ID: "cisa-2025", Title: "CISA, 2025 Minimum Elements for a Software Bill of Materials (SBOM), draft, 2025-08-22", Elements: []Element{
		{"SBOM Author", fields, Required, FieldEntity},
		{"Software Producer", fields, Required, FieldProducer},
		{"Component Name", fields, Required, FieldName},
		{"Component Version", fields, Required, FieldVersion},
		{"Software Identifiers", fields, Required, FieldIdentifier},
		{"Component Hash", fields, Required, FieldHash},
		{"License", fields, Required, FieldLicense},
		{"Dependency Relationship", fields, Required, FieldDependencies},
		{"Tool Name", fields, Required, FieldTool},
		{"Timestamp", fields, Required, FieldTimestamp},
		{"Generation Context", fields, Required, FieldContext},
	}}
}

// CISA2026 is the final edition of the revised minimum.
func CISA2026() Profile {
	const metadata, data = "SBOM Metadata", "Component Data"
	return Profile{ID: "cisa-2026", Title: "CISA, SBOM Minimum Elements, 2026-07-29", Elements: []Element{
		{"SBOM Author", metadata, Required, FieldEntity},
		{"SBOM Author Signature", metadata, Required, FieldSignature},
		{"SBOM Data Format Name", metadata, Required, FieldFormat},
		{"SBOM Data Format Version", metadata, Required, FieldFormat},
		{"SBOM Generation Context", metadata, Required, FieldContext},
		{"SBOM Timestamp", metadata, Required, FieldTimestamp},
		{"SBOM Tool Name", metadata, Required, FieldTool},
		{"SBOM Tool Version", metadata, Required, FieldToolVersion},
		{"SBOM Version", metadata, Required, FieldRevision},
		{"Component Producer", data, Required, FieldProducer},
		{"Component Dependency Relationship", data, Required, FieldDependencies},
		{"Component Hash Value", data, Required, FieldHash},
		{"Component Hash Algorithm", data, Required, FieldHash},
		{"Component Identifiers", data, Required, FieldIdentifier},
		{"Component License", data, Required, FieldLicense},
		{"Component Name", data, Required, FieldName},
		{"Component Version", data, Required, FieldVersion},
	}}
}

// BSI20 is version 2.0.0 of the German guideline, whose sections are not given.
func BSI20() Profile {
	return Profile{ID: "bsi-tr-03183-2-2.0", Title: "BSI TR-03183-2, version 2.0.0", Elements: []Element{
		{"Creator of the SBOM", "", Required, FieldEntity},
		{"Timestamp", "", Required, FieldTimestamp},
		{"Component creator", "", Required, FieldContact},
		{"Component name", "", Required, FieldName},
		{"Component version", "", Required, FieldVersion},
		{"Filename of the component", "", Required, FieldFilename},
		{"Dependencies on other components", "", Required, FieldDependencies},
		{"Associated licences", "", Required, FieldExpression},
		{"Hash value of the deployable component", "", Required, FieldSHA512},
		{"Executable property", "", Required, FieldExecutable},
		{"Archive property", "", Required, FieldArchive},
		{"Structured property", "", Required, FieldStructured},
		{"SBOM-URI", "", Additional, FieldURI},
		{"Source code URI", "", Additional, FieldSourceURI},
		{"URI of the deployable form of the component", "", Additional, FieldDistributionURI},
		{"Other unique identifiers", "", Additional, FieldIdentifier},
		{"Concluded licences", "", Additional, FieldConcludedLicense},
		{"Declared licences", "", Optional, FieldDeclaredLicense},
		{"Hash value of the source code of the component", "", Optional, FieldSourceHash},
	}}
}

// BSI21 is version 2.1.0 of the German guideline.
//
// A package that a package manager unpacked is a logical component in its words (3.2.2),
// of which it asks no file name, hash and properties: those elements apply to components
// that are one file, such as a jar or a program.
func BSI21() Profile {
	const (
		sbomRequired, required     = "5.2.1", "5.2.2"
		sbomAdditional, additional = "5.2.3", "5.2.4"
		optional                   = "5.2.5"
	)
	return Profile{ID: "bsi-tr-03183-2-2.1", Title: "BSI TR-03183-2, version 2.1.0, 2025-08-20", Elements: []Element{
		{"Creator of the SBOM", sbomRequired, Required, FieldEntity},
		{"Timestamp", sbomRequired, Required, FieldTimestamp},
		{"Component creator", required, Required, FieldContact},
		{"Component name", required, Required, FieldName},
		{"Component version", required, Required, FieldVersion},
		{"Filename of the component", required, Required, FieldFilename},
		{"Dependencies on other components", required, Required, FieldDependencies},
		{"Distribution licences", required, Required, FieldExpression},
		{"Hash value of the deployable component", required, Required, FieldSHA512},
		{"Executable property", required, Required, FieldExecutable},
		{"Archive property", required, Required, FieldArchive},
		{"Structured property", required, Required, FieldStructured},
		{"SBOM-URI", sbomAdditional, Additional, FieldURI},
		{"Source code URI", additional, Additional, FieldSourceURI},
		{"URI of the deployable form of the component", additional, Additional, FieldDistributionURI},
		{"Other unique identifiers", additional, Additional, FieldIdentifier},
		{"Original licences", additional, Additional, FieldDeclaredLicense},
		{"Effective licence", optional, Optional, FieldEffectiveLicense},
		{"Hash value of the source code of the component", optional, Optional, FieldSourceHash},
		{"URL of the security.txt", optional, Optional, FieldSecurityContact},
	}}
}
