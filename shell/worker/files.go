package worker

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Files is what snapshots need of a file system; tests make it fail.
type Files interface {
	// Create makes an empty file, in the place of one that is there.
	Create(name string) (File, error)
	// Rename puts the file in the place of to, and syncs the directory.
	Rename(from, to string) error
	Remove(name string) error
	// Open also tells the size of the file.
	Open(name string) (io.ReadCloser, int64, error)
	List(dir string) ([]string, error)
}

// File is a file that is being written.
type File interface {
	io.WriteCloser
	// Sync returns when what was written survives a crash.
	Sync() error
}

type osFiles struct{}

func (osFiles) Create(name string) (File, error) {
	f, err := os.OpenFile(name, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("snapshot file: %w", err)
	}
	return f, nil
}

func (osFiles) Rename(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return fmt.Errorf("snapshot file: %w", err)
	}
	dir, err := os.Open(filepath.Dir(to))
	if err != nil {
		return fmt.Errorf("snapshot directory: %w", err)
	}
	if err := errors.Join(dir.Sync(), dir.Close()); err != nil {
		return fmt.Errorf("snapshot directory: %w", err)
	}
	return nil
}

func (osFiles) Remove(name string) error {
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("snapshot file: %w", err)
	}
	return nil
}

func (osFiles) Open(name string) (io.ReadCloser, int64, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, 0, fmt.Errorf("snapshot file: %w", err)
	}
	info, err := f.Stat()
	if err != nil {
		return nil, 0, fmt.Errorf("snapshot file: %w", errors.Join(err, f.Close()))
	}
	return f, info.Size(), nil
}

func (osFiles) List(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("snapshot directory: %w", err)
	}
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names, nil
}
