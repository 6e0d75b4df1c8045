// What the guides' samples take as given: the reader's own things, and the parts of frameworks that they use.
declare module 'vue' {
	export function onErrorCaptured(hook: (error: unknown) => unknown): void
	export function onScopeDispose(fn: () => void): void
}

declare module '@angular/core' {
	export class ErrorHandler {
		handleError(error: unknown): void
	}
	export function Injectable(options?: { providedIn?: string }): (target: unknown, context?: unknown) => void
	export interface OnDestroy {
		ngOnDestroy(): void
	}
}

interface Order {
	id: string
	items: number
	paymentUrl: string
}
declare const order: Order
declare const file: Blob
declare const account: { id: string; company: string; plan: string }
declare const returned: { orderId: string; paid: boolean }
declare function postPayment(order: Order, signal: AbortSignal): Promise<void>
declare function onBannerAnswered(fn: (yes: boolean) => void): void
declare class HttpError extends Error {
	status: number
}
