package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/scalargen/scalargen/admin"
)

// with reads the input, opens the storage, and does work.
func (f *schemaFlags) with(cmd *cobra.Command, parse parser, work func(in *input, a *admin.Admin, out *printer) error) error {
	in, err := f.read(cmd, parse)
	if err != nil {
		return err
	}
	s, err := in.config.OpenStorage(cmd.Context())
	if err != nil {
		return err
	}
	out := &printer{out: cmd.OutOrStdout(), errOut: cmd.ErrOrStderr(), verbose: f.verbose}
	err = work(in, admin.New(s, in.config), out)
	if trouble := errors.Join(out.err, s.Close()); trouble != nil {
		return errors.Join(err, trouble)
	}
	return err
}

// planning makes the plan of a command.
type planning func(ctx context.Context, a *admin.Admin, in *input) (*admin.Plan, error)

// change plans, shows the plan, asks if it does harm, and does it. A dry run
// ends with the plan and its statements.
func (f *schemaFlags) change(cmd *cobra.Command, parse parser, plan planning) error {
	return f.with(cmd, parse, func(in *input, a *admin.Admin, out *printer) error {
		ctx := cmd.Context()
		p, err := plan(ctx, a, in)
		if err != nil {
			return err
		}
		if f.dryRun {
			previews, err := a.Preview(ctx, p)
			if err != nil {
				return err
			}
			out.plan(p, previews)
			return refusal(previews)
		}
		out.plan(p, nil)
		if out.err != nil {
			return nil // nothing is done that cannot be shown
		}
		if !f.yes && p.Dangers() > 0 {
			if err := confirm(cmd, p); err != nil {
				return err
			}
		}
		if err := a.Apply(ctx, p, out.progress); err != nil {
			out.interrupted()
			return err
		}
		out.summary()
		return nil
	})
}
