package replace

// Hold takes a path for this process, by a lock that ends with the process, however that ends. held is false where somebody
// else has it: another process, or another call of this one. release gives it back and removes the file. On a system or a
// file system without locks everybody has it.
func Hold(path string) (release func(), held bool, err error) { return holdPath(path) }
