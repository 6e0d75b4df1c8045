/**
 * React: an interaction whose life is a component's. Opened by an event or on mounting, abandoned when the
 * component goes away before it has ended.
 */
import {
	Component,
	createContext,
	createElement,
	type ReactNode,
	useContext,
	useEffect,
	useMemo,
	useRef,
} from 'react'
import { createCustomerInteraction } from './index'
import type { CustomerInteraction, InteractionOptions } from './types'

export interface HookOptions extends InteractionOptions {
	/** Begins when the component has been mounted: what it shows is itself the try. Default: begins with `start`. */
	onMount?: boolean
}

/** The same object as long as the component lives. */
export interface ComponentInteraction {
	/** Begins a try; while one is open, returns that. */
	start(options?: InteractionOptions): CustomerInteraction
	/** The open try. */
	readonly current: CustomerInteraction | undefined
	/** Begins a try for fn: complete when it resolves, classified when it throws. Result and error pass through. */
	run<T>(fn: (interaction: CustomerInteraction) => T): T
}

/** What an error boundary fails when something below it cannot be shown. */
const Below = createContext<Set<Life> | undefined>(undefined)

class Life implements ComponentInteraction {
	name = ''
	options: HookOptions | undefined
	private open: CustomerInteraction | undefined
	private leaving: ReturnType<typeof setTimeout> | undefined

	get current(): CustomerInteraction | undefined {
		return this.open?.outcome ? undefined : this.open
	}

	start = (options?: InteractionOptions): CustomerInteraction => {
		const { onMount: _, ...own } = this.options ?? {}
		this.open = this.current ?? createCustomerInteraction(this.name, { ...own, ...options })
		return this.open
	}

	run = <T>(fn: (interaction: CustomerInteraction) => T): T => {
		const interaction = this.start()
		const thrown = (error: unknown): never => {
			interaction.fail(error)
			throw error
		}
		let result: T
		try {
			result = interaction.run(() => fn(interaction))
		} catch (error) {
			return thrown(error)
		}
		if (typeof (result as PromiseLike<unknown> | undefined)?.then !== 'function') {
			interaction.complete()
			return result
		}
		const done = (value: unknown) => {
			interaction.complete()
			return value
		}
		return (result as PromiseLike<unknown>).then(done, thrown) as T
	}

	mounted = (): void => {
		clearTimeout(this.leaving)
		if (this.options?.onMount) this.start()
	}

	/** Strict mode takes every component off once and puts it on again at once: that is no leaving. */
	unmounted = (): void => {
		this.leaving = setTimeout(() => this.current?.abandon('unmount'))
	}

	fail(error: unknown): void {
		this.current?.fail(error)
	}
}

export function useCustomerInteraction(name: string, options?: HookOptions): ComponentInteraction {
	const life = useMemo(() => new Life(), [])
	const below = useContext(Below)
	// Read when a try begins, so that a new object of options in each rendering costs nothing.
	const latest = useRef<() => void>(undefined)
	latest.current = () => {
		life.name = name
		life.options = options
	}
	useEffect(() => latest.current?.())
	useEffect(() => {
		below?.add(life)
		life.mounted()
		return () => {
			below?.delete(life)
			life.unmounted()
		}
	}, [life, below])
	return life
}

export interface BoundaryProps {
	children?: ReactNode
	/** Shown instead of what could not be shown; a function is given the error and what tries again. */
	fallback?: ReactNode | ((error: unknown, retry: () => void) => ReactNode)
	/** Failed as well as those that components below have opened. */
	interaction?: CustomerInteraction
}

/** Shows a fallback for what throws in rendering, and fails the open interactions of the components below it. */
export class FeltErrorBoundary extends Component<BoundaryProps, { failed?: { error: unknown } }> {
	override state: { failed?: { error: unknown } } = {}
	private readonly below = new Set<Life>()

	static getDerivedStateFromError(error: unknown) {
		return { failed: { error } }
	}

	override componentDidCatch(error: unknown): void {
		for (const life of this.below) life.fail(error)
		this.props.interaction?.fail(error)
	}

	override render(): ReactNode {
		const { failed } = this.state
		const { fallback, children } = this.props
		if (!failed) return createElement(Below.Provider, { value: this.below }, children)
		if (typeof fallback !== 'function') return fallback
		return fallback(failed.error, () => this.setState({ failed: undefined }))
	}
}
