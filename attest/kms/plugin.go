package kms

import (
	"bytes"
	"context"
	"crypto"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"time"
)

// plugin is how a program is run.
type plugin struct {
	program  string
	env      []string
	resource string
	timeout  time.Duration
}

// request is what a plugin gets as its second argument; its first is the version.
type request struct {
	Init struct {
		Deadline *time.Time `json:"ctxDeadline,omitempty"`
		Version  string     `json:"protocolVersion"`
		Resource string     `json:"keyResourceID"`
		Hash     uint       `json:"hashFunc"` // crypto.Hash
		RPC      struct{}   `json:"rpcOptions"`
	} `json:"initOptions"`
	Method    string         `json:"methodName"`
	PublicKey *publicKeyArgs `json:"publicKey,omitempty"`
	Sign      *signArgs      `json:"signMessage,omitempty"`
}

type publicKeyArgs struct {
	Options struct {
		RPC struct{} `json:"rpcOptions"`
	} `json:"publicKeyOptions"`
}

type signArgs struct {
	Options struct {
		RPC     struct{} `json:"rpcOptions"`
		Message struct {
			Digest []byte `json:"digest,omitempty"`
			Hash   uint   `json:"hashFunc,omitempty"`
		} `json:"messageOptions"`
	} `json:"signOptions"`
}

// response is what a plugin prints.
type response struct {
	Error     string `json:"errorMessage"`
	PublicKey *struct {
		PEM []byte `json:"publicKeyPEM"`
	} `json:"publicKey"`
	Sign *struct {
		Signature []byte `json:"signature"`
	} `json:"signMessage"`
}

const (
	version     = "v1"
	maxResponse = 1 << 20
	maxReason   = 1 << 10 // of what a plugin prints to its standard error
)

// run runs the plugin once. Its exit status does not count if it answers; a plugin
// says what is wrong in its answer.
func (p *plugin) run(ctx context.Context, hash crypto.Hash, r request, message []byte) (*response, error) {
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	r.Init.Version, r.Init.Resource, r.Init.Hash = version, p.resource, uint(hash)
	if deadline, ok := ctx.Deadline(); ok {
		r.Init.Deadline = &deadline
	}
	args, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	stdout, stderr := &limited{max: maxResponse}, &limited{max: maxReason}
	cmd := exec.CommandContext(ctx, p.program, version, string(args))
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = p.env, bytes.NewReader(message), stdout, stderr
	cmd.WaitDelay = time.Second // for what the plugin itself started and left
	ran := cmd.Run()
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrPlugin, r.Method, err)
	}
	var exit *exec.ExitError
	if ran != nil && !errors.As(ran, &exit) {
		return nil, fmt.Errorf("%w: %s: %w", ErrPlugin, r.Method, ran)
	}
	var answer response
	switch err := json.Unmarshal(stdout.buf.Bytes(), &answer); {
	case stdout.over:
		return nil, fmt.Errorf("%w: %s: an answer of more than %d bytes", ErrPlugin, r.Method, maxResponse)
	case err != nil:
		return nil, fmt.Errorf("%w: %s: %w, exit: %v, it says: %q", ErrPlugin, r.Method, err, ran, stderr.buf.Bytes())
	case answer.Error != "":
		return nil, fmt.Errorf("%w: %s: %.1000q", ErrPlugin, r.Method, answer.Error)
	}
	return &answer, nil
}

// limited keeps the first bytes of what is written.
type limited struct {
	buf  bytes.Buffer
	max  int
	over bool
}

// Write implements io.Writer.
func (l *limited) Write(b []byte) (int, error) {
	keep := min(len(b), l.max-l.buf.Len())
	l.over = l.over || keep < len(b)
	l.buf.Write(b[:keep])
	return len(b), nil
}
