package experiment

import (
	"bytes"
	"crypto/sha256"
	"encoding/gob"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/elegans-nn/elegans/internal/replace"
)

// A sealed file is, in this order: a magic line, the SHA-256 of the rest in hexadecimal and a newline, and a gob.

// errSeal says that a file is no sealed one of its kind, or a damaged one.
var errSeal = errors.New("not a file of this kind, or a damaged one")

// seal writes a value as a whole or not at all.
func seal(path, magic string, value any) error {
	var body bytes.Buffer
	if err := gob.NewEncoder(&body).Encode(value); err != nil {
		return err
	}
	sum := sha256.Sum256(body.Bytes())
	return replace.File(path, func(w io.Writer) error {
		_, err := fmt.Fprintf(w, "%s%s\n", magic, hex.EncodeToString(sum[:]))
		if err == nil {
			_, err = w.Write(body.Bytes())
		}
		return err
	})
}

// unseal reads what seal wrote, and checks it.
func unseal(path, magic string, value any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	head := len(magic) + 2*sha256.Size + 1
	if len(data) < head || string(data[:len(magic)]) != magic {
		return errSeal
	}
	sum := sha256.Sum256(data[head:])
	if hex.EncodeToString(sum[:])+"\n" != string(data[len(magic):head]) || gob.NewDecoder(bytes.NewReader(data[head:])).Decode(value) != nil {
		return errSeal
	}
	return nil
}
