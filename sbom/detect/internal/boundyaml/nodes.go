package boundyaml

import "go.yaml.in/yaml/v3"

// maxKeys is how many keys a mapping may have for yaml.v3 to compare them all: few enough
// that comparing takes less time than parsing did.
const maxKeys = 64

// split makes of each mapping of more than limit keys one that merges several of at most
// limit keys ("<<: [{...}, {...}]"): it says the same, and yaml.v3 compares keys within
// one mapping only. Of a mapping with a duplicate key, that key alone is left, so that
// yaml.v3 refuses the mapping as it always does.
//
// It calls itself as deeply as the parser did, which has a limit.
func split(n *yaml.Node, limit int) {
	for _, child := range n.Content {
		split(child, limit)
	}
	if n.Kind != yaml.MappingNode || len(n.Content) <= 2*limit {
		return
	}
	if twice := duplicate(n); twice != nil {
		n.Content = twice
		return
	}
	var outer, merged []*yaml.Node // what n itself merges yields to all that n has
	part := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Line: n.Line}
	parts := []*yaml.Node{part}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		switch {
		case isMerge(key):
			merged = mergedBy(value)
		case key.Value == "<<" && key.Kind == yaml.ScalarNode:
			outer = append(outer, key, value) // A text like any other: twice here, which is refused.
		case outer == nil && key.ShortTag() != "!!str":
			outer = []*yaml.Node{key, value} // By it, yaml.v3 chooses between types of maps.
		default:
			if len(part.Content) == 2*limit {
				part = &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map", Line: key.Line}
				parts = append(parts, part)
			}
			part.Content = append(part.Content, key, value)
		}
	}
	n.Content = append(outer,
		&yaml.Node{Kind: yaml.ScalarNode, Tag: "!!merge", Value: "<<", Line: n.Line},
		&yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq", Content: append(parts, merged...), Line: n.Line})
}

// mergedBy returns what stands at a merge key: a mapping, or a sequence of such.
func mergedBy(value *yaml.Node) []*yaml.Node {
	if value.Kind == yaml.SequenceNode {
		return value.Content
	}
	return []*yaml.Node{value}
}

// isMerge reports whether a key is that of YAML's merge.
func isMerge(key *yaml.Node) bool {
	return key.Kind == yaml.ScalarNode && key.Value == "<<" && (key.Tag == "" || key.Tag == "!" || key.ShortTag() == "!!merge")
}

// duplicate returns the first key of a mapping that is there twice, with its values, nil
// if there is none. Keys are compared as yaml.v3 does.
func duplicate(n *yaml.Node) []*yaml.Node {
	type id struct {
		kind  yaml.Kind
		value string
	}
	at := make(map[id]int, len(n.Content)/2)
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := id{n.Content[i].Kind, n.Content[i].Value}
		if first, ok := at[key]; ok {
			return append(n.Content[first:first+2:first+2], n.Content[i:i+2]...)
		}
		at[key] = i
	}
	return nil
}

// counter counts what aliases repeat. known is how many nodes there are in what a node
// with an anchor stands for.
type counter struct{ known map[*yaml.Node]int }

// repeated returns how many nodes the aliases below n stand for.
func (c *counter) repeated(n *yaml.Node) int {
	if n.Kind == yaml.AliasNode {
		return c.size(n)
	}
	sum := 0
	for _, child := range n.Content {
		sum = min(sum+c.repeated(child), maxRepeated+1)
	}
	return sum
}

// size returns how many nodes there are in n, and in what its aliases stand for.
func (c *counter) size(n *yaml.Node) int {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n == nil {
		return 0
	}
	if have, ok := c.known[n]; ok {
		return have
	}
	if n.Anchor != "" {
		c.known[n] = 0 // for what it has inside itself, which yaml.v3 refuses
	}
	sum := 1
	for _, child := range n.Content {
		sum = min(sum+c.size(child), maxRepeated+1)
	}
	if n.Anchor != "" {
		c.known[n] = sum
	}
	return sum
}
