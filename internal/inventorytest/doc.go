// Package inventorytest makes inventories for tests, and compares them.
//
// [Generate] gives inventories that a catalog could have made: ids, references
// to layers, owners of files and counts fit together, every value of every
// enumeration occurs, and texts are of all scripts. Inventories that break all
// of that on purpose are those of package documenttest.
package inventorytest
