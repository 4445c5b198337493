module github.com/imagetrust/imagetrust/examples/quickstart/storefront

go 1.26

require (
	golang.org/x/net v0.0.0-20220127200216-cd36cc0744dd
	golang.org/x/text v0.3.7
	gopkg.in/yaml.v3 v3.0.0
)
