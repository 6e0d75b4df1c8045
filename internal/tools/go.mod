module github.com/felt-cx/felt/internal/tools

go 1.26.0
